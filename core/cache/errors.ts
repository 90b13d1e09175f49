/** Errors of caches, and the reporting of outages. */
import { ServiceUnavailable } from '#core/exceptions'
import { getLogger } from '#core/utils'

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

const log = getLogger('django.cache')

/** Milliseconds between two log lines about a server that responds, but refuses. */
const QUIET_MS = 60_000

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}

/** Reports an outage of a cache's server: one log line at the beginning, one at the end, and an error for each caller. */
export class Outage {
  readonly #name: string
  #isOn = false
  #refusedAt = Number.NEGATIVE_INFINITY

  /** @param where host and port, directory or database, without a password */
  constructor(alias: string, where: string) {
    this.#name = `The cache '${alias}' (${where})`
  }

  /** The server cannot be reached, or does not respond. @returns the error for the caller */
  began(error: unknown): ServiceUnavailable {
    const failed = this.failed(error)
    if (!this.#isOn) log.error(failed.message)
    this.#isOn = true
    return failed
  }

  /** The server responded that it cannot do this now. @returns the error for the caller */
  refused(error: unknown): ServiceUnavailable {
    const failed = this.failed(error)
    const now = performance.now()
    if (now - this.#refusedAt > QUIET_MS) log.error(failed.message)
    this.#refusedAt = now
    return failed
  }

  /** An operation succeeded. */
  ended(): void {
    if (!this.#isOn) return
    this.#isOn = false
    log.info(`${this.#name} works again.`)
  }

  /** The error for a caller, without a log line. */
  failed(cause: unknown): ServiceUnavailable {
    return new ServiceUnavailable(`${this.#name} failed: ${reasonOf(cause)}`, { cause })
  }
}
