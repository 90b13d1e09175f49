/** The finders and the storage that the settings name. */
import { cachedFromSettings, loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue, importName } from '#core/utils'
import type { StaticStorage, StaticStorageClass, StorageOptions } from './base.ts'
import type { Finder, FinderClass } from './finders.ts'

const USUAL_STORAGE = 'core.contrib.staticfiles.storage.StaticFilesStorage'

async function importClass(name: string, setting: string, methods: readonly string[]): Promise<unknown> {
  const found = await importName(name, { setting, root: projectRoot() })
  const { prototype } = found as { prototype?: Partial<Record<string, unknown>> }
  if (methods.every((method) => typeof prototype?.[method] === 'function')) return found
  const wanted = methods.map((method) => `${method}()`).join(', ')
  throw new ImproperlyConfigured(
    `${setting} names '${name}', which should be a class with ${wanted}, found ${formatValue(found)}.`,
  )
}

interface StorageEntry {
  readonly BACKEND?: unknown
  readonly OPTIONS?: StorageOptions
}

const storageEntry = (): StorageEntry => settings.STORAGES.staticfiles ?? {}

const storageClass = loadedFromSettings('STORAGES', async () => {
  const { BACKEND: name = USUAL_STORAGE } = storageEntry()
  const setting = "STORAGES['staticfiles'].BACKEND"
  if (typeof name !== 'string')
    throw new ImproperlyConfigured(`${setting} should be a dotted name, found ${formatValue(name)}.`)
  const methods = ['url', 'exists', 'save', 'delete', 'list', 'modified']
  return (await importClass(name, setting, methods)) as StaticStorageClass
})

/** The storage of static files. @throws ImproperlyConfigured where a setting it needs is missing */
export const staticfilesStorage = cachedFromSettings(
  (): StaticStorage => new (storageClass())(storageEntry().OPTIONS ?? {}),
)

const finderClasses = loadedFromSettings('STATICFILES_FINDERS', () =>
  Promise.all(
    settings.STATICFILES_FINDERS.map(
      async (name, i) => (await importClass(name, `STATICFILES_FINDERS[${i}]`, ['find', 'list'])) as FinderClass,
    ),
  ),
)

/** The finders, in their order. */
export const getFinders = cachedFromSettings((): readonly Finder[] =>
  finderClasses().map((FinderOfSetting) => new FinderOfSetting()),
)

/** Every file of a name, the one that is served first. */
export const findAll = (name: string): string[] => getFinders().flatMap((finder) => finder.find(name))

/** The file of a name: the one that is served and collected. */
export const find = (name: string): string | undefined => findAll(name)[0]
