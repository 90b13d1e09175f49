/** Prints the error that ended a command: a message if the user can fix it, a stack trace if it is a bug. */
import path from 'node:path'
import { inspect } from 'node:util'
import { CORE } from '#core/utils'
import { CommandError, type Style, type Terminal } from './base.ts'
import { UnknownCommand } from './discovery.ts'

/** Errors whose message is sufficient. Listed by name, so that the modules that define them need not be loaded. */
const EXPLAINED_BY_MESSAGE = new Set(['ImproperlyConfigured', 'LookupError', 'ServiceUnavailable', 'NoReverseMatch'])

/** Whether a file cannot be loaded. The messages of esbuild (in tsx) and of Node's loader name the file. */
function isAboutAFile(error: Error & { code?: unknown }): boolean {
  if (error.name === 'TransformError' || error.message.startsWith('Transform failed')) return true
  return error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ERR_PACKAGE_IMPORT_NOT_DEFINED'
}

/** Stack frames of the project: not of Node, of packages or of the framework. */
function ownFrames(stack: string): string[] {
  const ours = [`${CORE}${path.sep}`, '/node_modules/', 'node:', '(<anonymous>)', '/manage.ts:']
  return stack.split('\n').filter((line) => /^ +at /.test(line) && !ours.some((part) => line.includes(part)))
}

/** The stack of a SyntaxError begins with the file, the line and a caret, which the message does not include. */
function placeOf(stack: string): string {
  const place = stack.slice(0, Math.max(stack.indexOf('\nSyntaxError'), 0))
  return place === '' ? '' : `${place}\n`
}

function unexpected(error: Error): string {
  const stack = error.stack ?? ''
  const head = `${error.name}: ${error.message}`
  if (error instanceof SyntaxError) return `${placeOf(stack)}${head}`
  const frames = ownFrames(stack)
  return [head, ...frames, '(--traceback shows the whole stack.)'].join('\n')
}

/** Formats an error without colours. */
export function describeError(error: unknown, { traceback = false } = {}): string {
  if (traceback) return inspect(error, { depth: 3 })
  if (!(error instanceof Error)) return `Error: ${inspect(error)}`
  if (error instanceof UnknownCommand) return error.message
  if (error instanceof CommandError) return `${error.name}: ${error.message}`
  if (EXPLAINED_BY_MESSAGE.has(error.name) || isAboutAFile(error)) return `${error.name}: ${error.message}`
  return unexpected(error)
}

/** Prints the error that ended a command. @returns the exit code */
export function reportError(error: unknown, stderr: Terminal, style: Style, traceback: boolean): number {
  const code = error instanceof CommandError ? error.exitCode : 1
  // Some commands report their result by the exit code only.
  if (error instanceof CommandError && error.message === '' && !traceback) return code
  if (!traceback && isUsageError(error)) {
    stderr.write(`${error.usage}\n${error.prog}: error: ${error.message}`)
    return code
  }
  // The message of a SystemCheckError is already coloured.
  const painted = !traceback && error instanceof Error && error.name === 'SystemCheckError'
  stderr.write(painted ? error.message : style.ERROR(describeError(error, { traceback })))
  return code
}

/** Checks the shape instead of the class, because importing the class would load commander. */
function isUsageError(error: unknown): error is CommandError & { usage: string; prog: string } {
  return error instanceof CommandError && error.name === 'UsageError'
}
