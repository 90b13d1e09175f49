/** Named loggers with Django's names (`django.request`, `django.security.DisallowedHost`, …) and levels. */

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

export interface LogRecord {
  readonly logger: string
  readonly level: LogLevel
  readonly message: string
  readonly error?: unknown
}

export type LogHandler = (record: LogRecord) => void

const ORDER: Record<LogLevel, number> = { debug: 10, info: 20, warning: 30, error: 40 }

/** Writes to standard error: the message, and below it the stack of the error that came with it. */
export const consoleHandler: LogHandler = ({ message, error }) => {
  const stack =
    error === undefined ? '' : `\n${error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error)}`
  process.stderr.write(`${message}${stack}\n`)
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

export class Logger {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  debug(message: string, error?: unknown): void {
    this.#log('debug', message, error)
  }

  info(message: string, error?: unknown): void {
    this.#log('info', message, error)
  }

  warning(message: string, error?: unknown): void {
    this.#log('warning', message, error)
  }

  error(message: string, error?: unknown): void {
    this.#log('error', message, error)
  }

  #log(level: LogLevel, message: string, error: unknown): void {
    if (ORDER[level] < levelOf(this.name)) return
    const record = { logger: this.name, level, message, ...(error === undefined ? {} : { error }) }
    for (const handler of handlers) handler(record)
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
