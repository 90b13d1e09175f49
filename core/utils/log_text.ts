/**
 * What is written to logs and terminals: one line for each message, without characters that could drive a terminal, of
 * any value that was thrown, to streams whose reader may be gone.
 */
import type { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import { formatValue } from './words.ts'

/** Whether name and message can be read. A getter or a proxy could throw, or return something other than a string. */
const isReadable = (error: Error): boolean => typeof error.name === 'string' && typeof error.message === 'string'

/** The result of `read`; undefined if it throws. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/**
 * The error itself if its name and message can be read, else a new one that says what was thrown. Never throws.
 */
export function asError(thrown: unknown): Error {
  const isError = ifReadable(() => thrown instanceof Error) === true
  if (isError && ifReadable(() => isReadable(thrown as Error)) === true) return thrown as Error
  if (!isError) return new Error(`Something that is no Error was thrown: ${formatValue(thrown)}`)
  const message = ifReadable((): unknown => (thrown as Error).message)
  return new Error(`An error that cannot be read was thrown: ${formatValue(message)}`)
}

// Controls (C0, C1, DEL), format characters (bidirectional, zero-width), lone surrogates, private and unassigned code
// points, line and paragraph separators, and what fonts do not draw.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const PLAIN = /^[ -~]*$/

const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' }

const escaped = (character: string): string => {
  let text = ''
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  }
  return text
}

/**
 * A string in one line of visible characters. Others are written as in JSON: `\n`, `\u009b`. A backslash is not escaped:
 * if the difference matters, escape it first.
 */
export function escapeControls(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, (character) => SHORT[character] ?? escaped(character))
}

const escapeLines = (text: string): string => text.split('\n').map(escapeControls).join('\n')

/** A stack with its line ends. Those of the message, which may quote a client, are escaped. */
function stackText(stack: string, message: string): string {
  const at = message === '' ? -1 : stack.indexOf(message)
  if (at >= 0) {
    const end = at + message.length
    return escapeLines(stack.slice(0, at)) + escapeControls(message) + escapeLines(stack.slice(end))
  }
  // The message was changed after the stack was made: what comes before the first frame is the old one.
  const frames = stack.search(/\n +at /)
  return frames < 0 ? escapeControls(stack) : escapeControls(stack.slice(0, frames)) + escapeLines(stack.slice(frames))
}

/** A thrown value as logs show it: the stack of an error, else the value. Never throws. */
export function errorText(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return escapeControls(formatValue(thrown))
    // A getter may give anything, or throw.
    const error = asError(thrown)
    const { name, message } = error
    const stack = ifReadable(() => error.stack)
    return typeof stack === 'string' && stack !== '' ? stackText(stack, message) : escapeControls(`${name}: ${message}`)
  } catch {
    return 'An error that cannot be read.'
  }
}

/** A line for a log that is already escaped, and may have colours. */
export class LogLine {
  readonly text: string

  /** @param paint applied after `text` was escaped */
  constructor(text: string, paint: (text: string) => string) {
    this.text = paint(escapeControls(text))
  }
}

const guarded = new WeakSet<EventEmitter>()

const ignore = (): void => {}

/**
 * Keeps the process alive when the stream fails: the reader of an output is gone (EPIPE), its terminal (EIO), the disk
 * is full (ENOSPC), a file to read does not exist. Without a listener, its `error` event would end the process.
 */
export function surviveErrorsOf(stream: EventEmitter): void {
  if (guarded.has(stream)) return
  guarded.add(stream)
  stream.on('error', ignore)
}

/** Writes a string, or drops it if the stream fails. Never throws. */
export function writeText(stream: Writable, text: string): void {
  try {
    surviveErrorsOf(stream)
    stream.write(text)
  } catch {
    // There is no other place to report it.
  }
}
