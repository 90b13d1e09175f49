/** Caches: `caches` by alias of CACHES, and `cache`, the default one. */
import {
  cachedByKey,
  functionOf,
  type InstanceRequirement,
  loadedFromSettings,
  loadInstance,
  loadNamed,
  mutableCopy,
  settings,
  subclassOf,
  toInstance,
} from '#core/conf'
import { didYouMean, joinWithAnd, lazyProxy, proxyByAlias } from '#core/utils'
import { Cache } from './cache.ts'
import { InvalidCacheBackendError } from './errors.ts'
import type { KeyFunction } from './keys.ts'
import { cacheNumbers } from './parameters.ts'
import type { CacheSerializer } from './serializers.ts'
import { CacheStore, type CacheStoreClass } from './store.ts'
export { type KeyvAdapter, keyvAdapterOf } from './checks.ts'
export { Cache, type CacheParameters, type Timeout, type TokenedValue } from './cache.ts'
export {
  CacheKeyNotFound,
  InvalidCacheBackendError,
  InvalidCacheKey,
  InvalidCacheValue,
  RefusedCacheValue,
} from './errors.ts'
export { defaultKeyFunction, type KeyFunction, makeTemplateFragmentKey } from './keys.ts'
export { type CacheSerializer, JSONSerializer, PickleSerializer } from './serializers.ts'
export {
  type BackendOptions,
  CacheStore,
  type CacheStoreClass,
  type CacheTableName,
  type CasResult,
  type Entry,
  type StoredValue,
} from './store.ts'
export { CacheTable } from './table.ts'

interface Loaded {
  readonly Store: CacheStoreClass
  readonly keyFunction: KeyFunction | undefined
  readonly serializer: CacheSerializer | undefined
}

const SERIALIZER: InstanceRequirement<CacheSerializer> = {
  expected: 'a class or an object with dumps() and loads(), such as core.cache.serializers.JSONSerializer',
  accepts: ({ dumps, loads }) => typeof dumps === 'function' && typeof loads === 'function',
}

/** OPTIONS.serializer of an entry: a class or an object, or the dotted name of one. */
async function loadSerializer(given: unknown, setting: string): Promise<CacheSerializer | undefined> {
  if (given === undefined) return undefined
  return typeof given === 'string' ? loadInstance(setting, given, SERIALIZER) : toInstance(setting, given, SERIALIZER)
}

/** Imports what an entry of CACHES names. */
async function load(alias: string): Promise<Loaded> {
  const { BACKEND, KEY_FUNCTION, OPTIONS } = settings.CACHES[alias] as {
    BACKEND: string
    KEY_FUNCTION?: string | KeyFunction
    OPTIONS?: Readonly<Record<string, unknown>>
  }
  const setting = `CACHES['${alias}']`
  const Store = await loadNamed(`${setting}.BACKEND`, BACKEND, subclassOf<CacheStoreClass>(CacheStore))
  const keyFunction =
    typeof KEY_FUNCTION === 'string'
      ? await loadNamed(
          `${setting}.KEY_FUNCTION`,
          KEY_FUNCTION,
          functionOf<KeyFunction>('a function of (key, prefix, version)'),
        )
      : KEY_FUNCTION
  const serializer = await loadSerializer(OPTIONS?.serializer, `${setting}.OPTIONS.serializer`)
  return { Store, keyFunction, serializer }
}

const loaded = loadedFromSettings('CACHES', async () => {
  const entries = Object.keys(settings.CACHES).map(async (alias) => [alias, await load(alias)] as const)
  return new Map(await Promise.all(entries))
})

function build(alias: string): Cache {
  const entry = Object.hasOwn(settings.CACHES, alias) ? settings.CACHES[alias] : undefined
  const found = entry && loaded().get(alias)
  if (entry === undefined || found === undefined) {
    const known = Object.keys(settings.CACHES)
    throw new InvalidCacheBackendError(
      `CACHES has no '${alias}'. It has: ${joinWithAnd(known)}.${didYouMean(alias, known)}`,
    )
  }
  const { serializer } = found
  const options: Record<string, unknown> = mutableCopy(entry.OPTIONS ?? {})
  // A storage adapter of Keyv remains the same object, by which the caches that use it share its locks.
  if (entry.OPTIONS?.adapter !== undefined) options.adapter = entry.OPTIONS.adapter
  const location = mutableCopy(entry.LOCATION ?? '')
  const store = new found.Store({ alias, location, options, serializer })
  const { timeout, keyPrefix, version } = cacheNumbers(entry)
  return new Cache(store, { timeout, keyPrefix, version, ...(found.keyFunction && { keyFunction: found.keyFunction }) })
}

const open = cachedByKey(build, (each) => each.close())

/** The caches of CACHES by alias. @throws InvalidCacheBackendError for an alias that CACHES does not have */
export const caches = proxyByAlias(open)

/** The cache named `default`. */
export const cache: Cache = lazyProxy(() => caches.default as Cache)

/** Closes the connections of all caches, at the end of a process. */
export const closeCaches = (): Promise<void> => open.dispose()
