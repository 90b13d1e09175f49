/** Checks of CACHES: there is a default, and no file cache is in a place that others can access. */
import path from 'node:path'
import { type CheckMessage, Error, register, Warning } from '#core/checks'
import { projectRoot, settings } from '#core/conf'
import { canonicalName, exposureOf } from '#core/utils'

const FILE_CACHE = 'core.cache.backends.filebased.FileBasedCache'

export function checkDefaultCache(): CheckMessage[] {
  if (Object.hasOwn(settings.CACHES, 'default')) return []
  return [new Error("You must define a 'default' cache in your CACHES setting.", { id: 'caches.E001' })]
}

/** The file caches by alias, with their folders as written. */
function fileCaches(): [alias: string, location: string][] {
  const entries = Object.entries(settings.CACHES)
  const ofFiles = entries.filter(([, { BACKEND }]) => canonicalName(BACKEND) === FILE_CACHE)
  return ofFiles.map(([alias, { LOCATION }]) => [alias, String(LOCATION ?? '')])
}

/** Folders whose files anybody may get, by setting. */
function servedFolders(): [setting: string, folders: string[]][] {
  // What other rooms of the house bring along may have settings of these names, or not.
  const { MEDIA_ROOT, STATIC_ROOT, STATICFILES_DIRS } = settings as unknown as Record<string, unknown>
  const folder = (value: unknown): string[] => (typeof value === 'string' && value !== '' ? [value] : [])
  // An entry may be a pair of prefix and folder.
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

/** Cached values are not signed: what another user of the machine writes into the folder is read like our own. */
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

register(checkDefaultCache, 'caches')
register(checkCacheNotExposed, 'caches', { deploy: true })
register(checkFileCacheIsAbsolute, 'caches')
register(checkFileCacheIsPrivate, 'security', { deploy: true })
