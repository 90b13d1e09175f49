/** Named loggers with Django's names (`django.request`, `django.security.DisallowedHost`, …) and levels. */
import type { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import { formatValue } from './strings.ts'

// Messages quote what clients sent. They are written on one line, without control characters for a terminal, and to streams
// that may be closed. A thrown value may be anything.

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

/** A thrown value if it is an Error whose name and message can be read, or else an Error that describes it. Never throws. */
export function asError(thrown: unknown): Error {
  const isError = ifReadable(() => thrown instanceof Error) === true
  if (isError && ifReadable(() => isReadable(thrown as Error)) === true) return thrown as Error
  if (!isError) return new Error(`A value that is not an Error was thrown: ${formatValue(thrown)}`)
  const message = ifReadable((): unknown => (thrown as Error).message)
  return new Error(`An error that cannot be read was thrown: ${formatValue(message)}`)
}

// Control characters (C0, C1, DEL), format characters (bidirectional, zero-width), lone surrogates, private and unassigned
// code points, line and paragraph separators, and characters that are not drawn.
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
 * A string as one line of visible characters. Others are escaped as in JSON: `\n`, `\u009b`. Backslashes are not escaped:
 * if the difference matters, escape them first.
 */
export function escapeControls(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, (character) => SHORT[character] ?? escaped(character))
}

const escapeLines = (text: string): string => text.split('\n').map(escapeControls).join('\n')

/** A stack on several lines. Line breaks in its message, which may quote a client, are escaped. */
function stackText(stack: string, message: string): string {
  const at = message === '' ? -1 : stack.indexOf(message)
  if (at >= 0) {
    const end = at + message.length
    return escapeLines(stack.slice(0, at)) + escapeControls(message) + escapeLines(stack.slice(end))
  }
  // The message was changed after the stack was captured. The old one ends at the first frame.
  const frames = stack.search(/\n +at /)
  return frames < 0 ? escapeControls(stack) : escapeControls(stack.slice(0, frames)) + escapeLines(stack.slice(frames))
}

/** A thrown value for a log: the stack of an Error, or else the value. Never throws. */
export function errorText(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return escapeControls(formatValue(thrown))
    // A getter may return anything, or throw.
    const error = asError(thrown)
    const { name, message } = error
    const stack = ifReadable(() => error.stack)
    return typeof stack === 'string' && stack !== '' ? stackText(stack, message) : escapeControls(`${name}: ${message}`)
  } catch {
    return 'An error that cannot be read.'
  }
}

/** A log message that is already escaped, and may have colours. */
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
 * Adds a listener for errors of a stream, because without one an `error` event ends the process: the reader of a pipe has
 * ended (EPIPE), the terminal is closed (EIO), the disk is full (ENOSPC), a file to read does not exist.
 */
export function surviveErrorsOf(stream: EventEmitter): void {
  if (guarded.has(stream)) return
  guarded.add(stream)
  stream.on('error', ignore)
}

/** Writes a string, or discards it if the stream fails. Never throws. */
export function writeText(stream: Writable, text: string): void {
  try {
    surviveErrorsOf(stream)
    stream.write(text)
  } catch {
    // There is no other place to report it.
  }
}

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

export interface LogRecord {
  readonly logger: string
  readonly level: LogLevel
  /** One line. Control and format characters are escaped, because most messages quote what a client sent. */
  readonly message: string
  /** The value as it was thrown: its message and stack are not escaped. */
  readonly error?: unknown
}

export type LogHandler = (record: LogRecord) => void

const ORDER: Record<LogLevel, number> = { debug: 10, info: 20, warning: 30, error: 40 }

/** Writes the message to standard error, followed by the stack of the error. */
export const consoleHandler: LogHandler = ({ message, error }) => {
  writeText(process.stderr, error === undefined ? `${message}\n` : `${message}\n${errorText(error)}\n`)
}

let handlers: LogHandler[] = [consoleHandler]
const levels = new Map<string, number>()
let defaultLevel = ORDER.info

/** The level of the nearest name that has one: `a.b.c`, then `a.b`, then `a`, then the default. */
function levelOf(name: string): number {
  for (let at = name; at !== ''; at = at.slice(0, Math.max(at.lastIndexOf('.'), 0))) {
    const level = levels.get(at)
    if (level !== undefined) return level
  }
  return defaultLevel
}

/** Untyped code may pass any value as a message, even a proxy that throws. */
function textOf(line: string | LogLine): string {
  if (typeof line === 'string') return escapeControls(line)
  return ifReadable(() => line instanceof LogLine) === true ? line.text : escapeControls(formatValue(line))
}

/** Its methods never throw. */
export class Logger {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  debug(message: string | LogLine, error?: unknown): void {
    this.#log('debug', message, error)
  }

  info(message: string | LogLine, error?: unknown): void {
    this.#log('info', message, error)
  }

  warning(message: string | LogLine, error?: unknown): void {
    this.#log('warning', message, error)
  }

  error(message: string | LogLine, error?: unknown): void {
    this.#log('error', message, error)
  }

  #log(level: LogLevel, line: string | LogLine, error: unknown): void {
    if (ORDER[level] < levelOf(this.name)) return
    const message = textOf(line)
    const record = { logger: this.name, level, message, ...(error === undefined ? {} : { error }) }
    for (const handler of handlers) {
      try {
        handler(record)
      } catch (failure) {
        // Callers often log an error that they handle, and must be able to continue.
        consoleHandler({ ...record, message: `A log handler failed at: ${message}`, error: failure })
      }
    }
  }
}

const loggers = new Map<string, Logger>()

export function getLogger(name: string): Logger {
  let logger = loggers.get(name)
  if (logger === undefined) loggers.set(name, (logger = new Logger(name)))
  return logger
}

/** Sets the minimum level that is written, for all loggers, or for one and those below it. */
export function setLogLevel(level: LogLevel, name?: string): void {
  if (name === undefined) defaultLevel = ORDER[level]
  else levels.set(name, ORDER[level])
}

/** Sends all records only to `handler`, until the returned function is called. */
export function captureLogs(handler: LogHandler): () => void {
  const before = handlers
  handlers = [handler]
  return () => {
    handlers = before
  }
}
