/** Stack frames of an error, and the source lines around each. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { projectRoot } from '#core/conf'
import { asError, CORE, ifReadable } from '#core/utils'

/** Whose code a frame is in. */
export type Owner = 'project' | 'framework' | 'library' | 'node'

export interface SourceLine {
  readonly number: number
  readonly text: string
  /** Whether the frame is at this line. */
  readonly isCurrent: boolean
}

export interface Frame {
  /** Empty for code outside functions. */
  readonly function: string
  /** Absolute path, or a name of Node: `node:internal/…`. */
  readonly file: string
  /** The path for display: relative to the project, for files in it. */
  readonly shownFile: string
  readonly line: number
  readonly column: number
  readonly owner: Owner
}

const AROUND = 6
const POSITION = /:(\d+):(\d+)\)?$/
const IS_FILE = /^(?:file:\/\/|node:|\/|[A-Za-z]:\\)/

// A stack contains the error message and so may name any file. Only source files are ever read.
const SOURCE_FILE = /\.[cm]?[jt]sx?$/

function ownerOf(file: string): Owner {
  if (file.startsWith('node:')) return 'node'
  if (file.split(path.sep).includes('node_modules')) return 'library'
  if (file.startsWith(CORE + path.sep)) return 'framework'
  return 'project'
}

function shownPath(file: string): string {
  const relative = path.relative(projectRoot(), file)
  return file.startsWith('node:') || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative
}

/** Splits `name (file` into function and file. The function is empty for a file alone. */
function placeIn(call: string): [name: string, location: string] {
  for (let at = call.indexOf(' ('); at >= 0; at = call.indexOf(' (', at + 1)) {
    const [start, longest] = [at + 2, 'file://'.length]
    if (IS_FILE.test(call.slice(start, start + longest))) return [call.slice(0, at), call.slice(start)]
  }
  return ['', call]
}

function parseLine(text: string): Frame | undefined {
  const position = POSITION.exec(text)
  const trimmed = text.trimStart()
  if (position === null || !trimmed.startsWith('at ')) return undefined
  const call = trimmed.slice('at '.length, trimmed.length - position[0].length).replace(/^async /, '')
  const [name, location] = placeIn(call)
  if (!IS_FILE.test(location)) return undefined
  const [, line, column] = position
  // A line that only looks like a frame may contain a file URL with a host, for which fileURLToPath throws.
  const file = location.startsWith('file://')
    ? (ifReadable(() => fileURLToPath(location.split('?')[0] as string)) ?? location)
    : location
  return {
    function: name,
    file,
    shownFile: shownPath(file),
    line: Number(line),
    column: Number(column),
    owner: ownerOf(file),
  }
}

/** The frames of an error, the innermost first. */
export function framesOf(error: Error): Frame[] {
  const given = ifReadable(() => error.stack)
  const stack = typeof given === 'string' ? given : ''
  // Lines of the message that look like frames are skipped.
  const at = error.message === '' ? -1 : stack.indexOf(error.message)
  const lines = (at < 0 ? stack : stack.slice(at + error.message.length)).split('\n')
  return lines.map(parseLine).filter((frame) => frame !== undefined)
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

/** The lines around a line of a file; empty if the file cannot be read. */
export function linesAround(file: string, line: number): SourceLine[] {
  const first = Math.max(line - AROUND, 1)
  return readLines(file)
    .slice(first - 1, line + AROUND)
    .map((text, i) => ({ number: first + i, text, isCurrent: first + i === line }))
}

/** The source lines around a frame; empty for Node's own code and for other than source files. */
export function sourceOf({ file, line, owner }: Frame): SourceLine[] {
  return owner === 'node' || !SOURCE_FILE.test(file) ? [] : linesAround(file, line)
}

/** An error and its causes, up to 10. Thrown values that are not errors are converted. */
export function causeChain(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at: unknown = error; at !== undefined && at !== null && chain.length < 10; ) {
    const next = shownError(at)
    if (chain.includes(next)) break
    chain.push(next)
    at = ifReadable(() => next.cause)
  }
  return chain
}

function shownError(thrown: unknown): Error {
  if (ifReadable(() => thrown instanceof Error) === true) return asError(thrown)
  const error = new Error(
    typeof thrown === 'string' ? thrown : `Something was thrown that is no Error: ${typeof thrown}`,
  )
  error.name = 'Thrown'
  delete error.stack
  return error
}
