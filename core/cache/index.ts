/** Caches: `caches` by alias of CACHES, and `cache`, the default one. */
import { cachedByKey, loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { didYouMean, formatValue, importName, joinWithAnd, lazyProxy, proxyByAlias } from '#core/utils'
import { Cache } from './cache.ts'
import { InvalidCacheBackendError } from './errors.ts'
import type { KeyFunction } from './keys.ts'
import { cacheNumbers } from './parameters.ts'
import type { CacheSerializer, CacheSerializerClass } from './serializers.ts'
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
  type TokenedText,
} from './store.ts'
export { CacheTable } from './table.ts'

interface Loaded {
  readonly Store: CacheStoreClass
  readonly keyFunction: KeyFunction | undefined
  readonly serializer: CacheSerializer | undefined
}

/** What OPTIONS.serializer of an entry names, or is: a class or an object with dumps() and loads(). */
async function loadSerializer(given: unknown, setting: string): Promise<CacheSerializer | undefined> {
  if (given === undefined) return undefined
  const found = typeof given === 'string' ? await importName(given, { setting, root: projectRoot() }) : given
  const isClass = typeof found === 'function' && (found as { prototype?: unknown }).prototype !== undefined
  const made = (isClass ? new (found as CacheSerializerClass)() : found) as Partial<CacheSerializer> | null
  if (typeof made?.dumps === 'function' && typeof made.loads === 'function') return made as CacheSerializer
  throw new ImproperlyConfigured(
    `${setting} is ${typeof given === 'string' ? `'${given}'` : formatValue(given)}, which is not a class with dumps() and loads(), such as core.cache.serializers.JSONSerializer.`,
  )
}

/** What an entry of CACHES names, imported. */
async function load(alias: string): Promise<Loaded> {
  const { BACKEND, KEY_FUNCTION, OPTIONS } = settings.CACHES[alias] as {
    BACKEND: string
    KEY_FUNCTION?: string | KeyFunction
    OPTIONS?: Readonly<Record<string, unknown>>
  }
  const setting = `CACHES['${alias}']`
  const root = projectRoot()
  const Store = await importName(BACKEND, { setting: `${setting}.BACKEND`, root })
  if (typeof Store !== 'function' || !(Store.prototype instanceof CacheStore)) {
    throw new ImproperlyConfigured(`${setting}.BACKEND names '${BACKEND}', which is not a subclass of CacheStore.`)
  }
  const keyFunction =
    typeof KEY_FUNCTION === 'string'
      ? ((await importName(KEY_FUNCTION, { setting: `${setting}.KEY_FUNCTION`, root })) as KeyFunction)
      : KEY_FUNCTION
  const serializer = await loadSerializer(OPTIONS?.serializer, `${setting}.OPTIONS.serializer`)
  return { Store: Store as CacheStoreClass, keyFunction, serializer }
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
  const store = new found.Store({ alias, location: entry.LOCATION ?? '', options: entry.OPTIONS ?? {}, serializer })
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
