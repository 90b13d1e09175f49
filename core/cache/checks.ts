/** Checks of CACHES: there is a default, file caches are private, and what a cache through Keyv cannot guarantee. */
import path from 'node:path'
import { type CheckMessage, Error, register, Warning } from '#core/checks'
import { projectRoot, settings } from '#core/conf'
import { canonicalName, exposureOf } from '#core/utils'

const FILE_CACHE = 'core.cache.backends.filebased.FileBasedCache'
const KEYV_CACHE = 'core.cache.backends.keyv.KeyvCache'

export function checkDefaultCache(): CheckMessage[] {
  if (Object.hasOwn(settings.CACHES, 'default')) return []
  return [new Error("You must define a 'default' cache in your CACHES setting.", { id: 'caches.E001' })]
}

/** The file caches by alias, with LOCATION as written. */
function fileCaches(): [alias: string, location: string][] {
  const entries = Object.entries(settings.CACHES)
  const ofFiles = entries.filter(([, { BACKEND }]) => canonicalName(BACKEND) === FILE_CACHE)
  return ofFiles.map(([alias, { LOCATION }]) => [alias, String(LOCATION ?? '')])
}

/** Directories whose files are served publicly, by setting. */
function servedFolders(): [setting: string, folders: string[]][] {
  // The modules that define these settings may not be installed.
  const { MEDIA_ROOT, STATIC_ROOT, STATICFILES_DIRS } = settings as unknown as Record<string, unknown>
  const folder = (value: unknown): string[] => (typeof value === 'string' && value !== '' ? [value] : [])
  // An entry may be a pair of prefix and directory.
  const dirs = (Array.isArray(STATICFILES_DIRS) ? (STATICFILES_DIRS as unknown[]) : []).flatMap((each) =>
    folder(Array.isArray(each) ? (each as unknown[])[1] : each),
  )
  return [
    ['MEDIA_ROOT', folder(MEDIA_ROOT)],
    ['STATIC_ROOT', folder(STATIC_ROOT)],
    ['STATICFILES_DIRS', dirs],
  ]
}

const isInside = (inner: string, outer: string): boolean => inner.startsWith(outer.replace(/[/\\]?$/, path.sep))

function relation(cache: string, served: readonly string[]): string | undefined {
  if (served.includes(cache)) return 'matches'
  if (served.some((folder) => isInside(cache, folder))) return 'is inside'
  return served.some((folder) => isInside(folder, cache)) ? 'contains' : undefined
}

export function checkCacheNotExposed(): CheckMessage[] {
  const root = projectRoot()
  return servedFolders().flatMap(([setting, folders]) => {
    const served = folders.map((folder) => path.resolve(root, folder))
    return fileCaches().flatMap(([alias, location]) => {
      const found = relation(path.resolve(root, location), served)
      if (found === undefined) return []
      const message =
        `Your '${alias}' cache configuration might expose your cache or lead to corruption of your data` +
        ` because its LOCATION ${found} ${setting}.`
      return [new Warning(message, { id: 'caches.W002' })]
    })
  })
}

export function checkFileCacheIsAbsolute(): CheckMessage[] {
  const relative = fileCaches().filter(([, location]) => !path.isAbsolute(location))
  return relative.map(
    ([alias]) =>
      new Warning(`Your '${alias}' cache LOCATION path is relative. Use an absolute path instead.`, {
        id: 'caches.W003',
      }),
  )
}

/** Cached values are not signed: values that another user of the machine writes into the directory are trusted. */
export function checkFileCacheIsPrivate(): CheckMessage[] {
  const root = projectRoot()
  return fileCaches().flatMap(([alias, location]) => {
    const exposure = exposureOf(path.resolve(root, location))
    if (exposure === undefined) return []
    const message = `The LOCATION of your '${alias}' cache ${exposure}. They can read its values, or write their own.`
    const hint =
      "Use a folder of mode 0700 that belongs to this process's user. Where Django shares it under another user, silence this."
    return [new Warning(message, { id: 'caches.W101', hint })]
  })
}

/** The storage adapter of a cache through Keyv. */
export interface KeyvAdapter {
  /** The package, or the class of an object. */
  readonly name: string
  /** Whether each process has values of its own. */
  readonly isLocal: boolean
}

/** @param entry an entry of CACHES  @returns undefined if its backend is another than KeyvCache */
export function keyvAdapterOf(entry: {
  readonly BACKEND: string
  readonly OPTIONS?: Readonly<Record<string, unknown>>
}): KeyvAdapter | undefined {
  if (canonicalName(entry.BACKEND) !== KEYV_CACHE) return undefined
  const adapter = entry.OPTIONS?.adapter ?? new Map()
  if (typeof adapter === 'string') return { name: adapter, isLocal: false }
  const name = (adapter as { constructor?: { name: string } }).constructor?.name ?? 'object'
  return { name, isLocal: adapter instanceof Map }
}

function keyvCaches(): [alias: string, adapter: KeyvAdapter][] {
  return Object.entries(settings.CACHES).flatMap(([alias, entry]) => {
    const adapter = keyvAdapterOf(entry)
    return adapter === undefined ? [] : [[alias, adapter]]
  })
}

/** caches.W102 and W103: what a store behind Keyv cannot guarantee. */
export function checkKeyvCaches(): CheckMessage[] {
  return keyvCaches().map(([alias, { name, isLocal }]) => {
    const obj = `CACHES['${alias}'].BACKEND`
    if (isLocal) {
      const message =
        `Your '${alias}' cache is a Map through Keyv: each process has values of its own, and MAX_ENTRIES is not` +
        ' observed. An expired value stays in memory until its key is used again.'
      const hint =
        "Use BACKEND: 'core.cache.backends.locmem.LocMemCache', or name a storage adapter in OPTIONS.adapter."
      return new Warning(message, { id: 'caches.W103', obj, hint })
    }
    const message =
      `Your '${alias}' cache stores its values through Keyv (${name}), which has no atomic operations and no` +
      ' compare-and-set. With several processes, add() may succeed in more than one, incr() and decr() may lose counts,' +
      ' touch() and cas() may overwrite what another process has just set, and a change may bring back what another' +
      ' process has just deleted or cleared. Whether a value has expired is decided by the clock of the process that' +
      ' reads it. MAX_ENTRIES is not observed.'
    const hint =
      "Use BACKEND: 'core.cache.backends.redis.RedisCache' or another backend of core.cache.backends for counters, locks" +
      ' and sessions. If one process alone uses the cache, or only for values that can be computed again, silence this.'
    return new Warning(message, { id: 'caches.W102', obj, hint })
  })
}

register(checkDefaultCache, 'caches')
register(checkKeyvCaches, 'caches')
register(checkCacheNotExposed, 'caches', { deploy: true })
register(checkFileCacheIsAbsolute, 'caches')
register(checkFileCacheIsPrivate, 'security', { deploy: true })
