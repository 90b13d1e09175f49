/** What can go wrong between a caller and a cache. */

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
