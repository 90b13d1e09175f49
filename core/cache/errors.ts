/** Errors of caches, and the reporting of outages. */
import { ServiceUnavailable } from '#core/exceptions'
import { getLogger, OutageLog } from '#core/utils'

/** `incr` or `incrVersion` of a key that does not exist. */
export class CacheKeyNotFound extends Error {
  override readonly name = 'CacheKeyNotFound'

  constructor(key: string) {
    super(`Key '${key}' not found`)
  }
}

/** CACHES has no entry for an alias. */
export class InvalidCacheBackendError extends Error {
  override readonly name = 'InvalidCacheBackendError'
}

/** A key that the backend cannot use. */
export class InvalidCacheKey extends Error {
  override readonly name = 'InvalidCacheKey'
}

/** A value that the backend cannot store, add to, or read. */
export class InvalidCacheValue extends TypeError {
  override readonly name: string = 'InvalidCacheValue'
  /** The token of the unreadable value, if `gets` threw the error. With it, `cas` can replace the value. */
  readonly token?: string

  constructor(message: string, { token, ...options }: ErrorOptions & { token?: string | undefined } = {}) {
    super(message, options)
    if (token !== undefined) this.token = token
  }
}

/** A value of another program that holds more than plain data. It is not read, and should not be overwritten. */
export class RefusedCacheValue extends InvalidCacheValue {
  override readonly name = 'RefusedCacheValue'
}

/** The beginning of a key, for messages: the rest of a session's key is secret. */
export const shownKey = (key: string): string => (key.length > 24 ? `'${key.slice(0, 24)}…'` : `'${key}'`)

/** @param expected the values to which the backend can add */
export const notAnInteger = (key: string, expected = 'a whole number'): InvalidCacheValue =>
  new InvalidCacheValue(`The value of cache key ${shownKey(key)} is not ${expected}, so nothing can be added to it.`)

/** The stored number is unchanged. */
export const inexactSum = (key: string): InvalidCacheValue =>
  new InvalidCacheValue(
    `The sum for cache key ${shownKey(key)} is 2^53 or more, or -2^53 or less, which a number of JavaScript does not represent exactly. The value is unchanged.`,
  )

const log = getLogger('django.cache')

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}

/** What an outage prevents: reaching the server at all, reading, or writing. */
export type OutageKind = 'connection' | 'read' | 'write'

/** Reports an outage of a cache's server: one log line at the beginning, one at the end, and an error for each caller. */
export class Outage {
  readonly #name: string
  readonly #log: OutageLog<OutageKind>

  /** @param where host and port, directory or database, without a password */
  constructor(alias: string, where: string) {
    this.#name = `The cache '${alias}' (${where})`
    this.#log = new OutageLog<OutageKind>({
      began: (message) => log.error(message),
      ended: () => log.info(`${this.#name} works again.`),
    })
  }

  /** The number of failures so far, which `ended` takes: to be read when an operation begins. */
  get failures(): number {
    return this.#log.failures
  }

  /** The server cannot be reached, does not respond, or refuses operations of a kind. @returns the error for the caller */
  began(error: unknown, kind: OutageKind = 'connection'): ServiceUnavailable {
    const failed = this.failed(error)
    this.#log.failed(kind, failed.message)
    return failed
  }

  /** An operation succeeded. @param failuresBefore `failures` when it began */
  ended(kind: 'read' | 'write', failuresBefore: number): void {
    this.#log.succeeded('connection', failuresBefore)
    this.#log.succeeded(kind, failuresBefore)
  }

  /** The error for a caller, without a log line. */
  failed(cause: unknown): ServiceUnavailable {
    return new ServiceUnavailable(`${this.#name} failed: ${reasonOf(cause)}`, { cause })
  }
}
