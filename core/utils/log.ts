/** Named loggers with Django's names (`django.request`, `django.security.DisallowedHost`, …) and levels. */
import { errorText, escapeControls, LogLine, ifReadable, writeText } from './log_text.ts'
import { formatValue } from './words.ts'

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

export interface LogRecord {
  readonly logger: string
  readonly level: LogLevel
  /** One line. Control and format characters are escaped, since most messages quote what a client sent. */
  readonly message: string
  /** As it was thrown: its message and stack are not escaped. */
  readonly error?: unknown
}

export type LogHandler = (record: LogRecord) => void

const ORDER: Record<LogLevel, number> = { debug: 10, info: 20, warning: 30, error: 40 }

/** Writes to standard error: the message, and below it the stack of the error that came with it. */
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

/** Code in JavaScript may pass any value as a message, even a proxy that throws. */
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
        // Callers often log an error that they are handling, and must be able to continue.
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

/** Sets the least level that is written, for everything or for a logger and all below it. */
export function setLogLevel(level: LogLevel, name?: string): void {
  if (name === undefined) defaultLevel = ORDER[level]
  else levels.set(name, ORDER[level])
}

/** Sends all records to `handler` alone until the function that is returned is called. */
export function captureLogs(handler: LogHandler): () => void {
  const before = handlers
  handlers = [handler]
  return () => {
    handlers = before
  }
}
