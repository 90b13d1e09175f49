/** What can go wrong between a caller and a cache. */
import { ServiceUnavailable } from '#core/exceptions'
import { getLogger } from '#core/utils'

/** A key to be incremented, or whose version is to be changed, is not in the cache. */
export class CacheKeyNotFound extends Error {
  override readonly name = 'CacheKeyNotFound'

  constructor(key: string) {
    super(`Key '${key}' not found`)
  }
}

/** CACHES has no entry of the name asked for, or an entry that cannot be used. */
export class InvalidCacheBackendError extends Error {
  override readonly name = 'InvalidCacheBackendError'
}

/** A key that the backend cannot keep anything under. */
export class InvalidCacheKey extends Error {
  override readonly name = 'InvalidCacheKey'
}

/** A value that the backend cannot keep, add to, or read. */
export class InvalidCacheValue extends TypeError {
  override readonly name: string = 'InvalidCacheValue'
  /** From `gets`, of a value that cannot be read: by this, `cas` can put another in its place. */
  readonly token?: string

  constructor(message: string, { token, ...options }: ErrorOptions & { token?: string | undefined } = {}) {
    super(message, options)
    if (token !== undefined) this.token = token
  }
}

/** A value that is somebody's, with more in it than plain data, so that it is neither read nor to be written over. */
export class RefusedCacheValue extends InvalidCacheValue {
  override readonly name = 'RefusedCacheValue'
}

/** The beginning of a key for a message: the rest of a session's key is a secret. */
export const shownKey = (key: string): string => (key.length > 24 ? `'${key.slice(0, 24)}…'` : `'${key}'`)

/** @param kept what the backend can add to */
export const notWhole = (key: string, kept = 'a whole number'): InvalidCacheValue =>
  new InvalidCacheValue(`The value of cache key ${shownKey(key)} is not ${kept}, so nothing can be added to it.`)

// An outage of a cache's server: one line in the log when it begins, one when it is over, and an error for callers.

const log = getLogger('django.cache')

/** Milliseconds for which a server that answers, but refuses, is not logged again. */
const QUIET = 60_000

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}

export class Outage {
  readonly #name: string
  #isOn = false
  #refusedAt = Number.NEGATIVE_INFINITY

  /** @param where host and port, folder or database, without a password */
  constructor(alias: string, where: string) {
    this.#name = `The cache '${alias}' (${where})`
  }

  /** The server cannot be reached, or does not answer. */
  began(error: unknown): ServiceUnavailable {
    const failed = this.failed(error)
    if (!this.#isOn) log.error(failed.message)
    this.#isOn = true
    return failed
  }

  /** The server answered that it cannot do it now. */
  refused(error: unknown): ServiceUnavailable {
    const failed = this.failed(error)
    const now = performance.now()
    if (now - this.#refusedAt > QUIET) log.error(failed.message)
    this.#refusedAt = now
    return failed
  }

  /** Something succeeded. */
  ended(): void {
    if (!this.#isOn) return
    this.#isOn = false
    log.info(`${this.#name} works again.`)
  }

  /** The error for a caller, without a line in the log. */
  failed(cause: unknown): ServiceUnavailable {
    return new ServiceUnavailable(`${this.#name} failed: ${reasonOf(cause)}`, { cause })
  }
}
