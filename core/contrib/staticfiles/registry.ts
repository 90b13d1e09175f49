/** The finders and the storage that the settings name. */
import { cachedFromSettings, classWith, loadedFromSettings, loadNamed, settings } from '#core/conf'
import type { StaticStorage, StaticStorageClass, StorageOptions } from './base.ts'
import type { Finder, FinderClass } from './finders.ts'

const USUAL_STORAGE = 'core.contrib.staticfiles.storage.StaticFilesStorage'

interface StorageEntry {
  readonly BACKEND?: unknown
  readonly OPTIONS?: StorageOptions
}

const storageEntry = (): StorageEntry => settings.STORAGES.staticfiles ?? {}

const storageClass = loadedFromSettings('STORAGES', () => {
  const { BACKEND = USUAL_STORAGE } = storageEntry()
  const storage = classWith<StaticStorageClass>('url', 'exists', 'save', 'delete', 'list', 'modified')
  return loadNamed("STORAGES['staticfiles'].BACKEND", BACKEND, storage)
})

/** The storage of static files. @throws ImproperlyConfigured where a setting it needs is missing */
export const staticfilesStorage = cachedFromSettings(
  (): StaticStorage => new (storageClass())(storageEntry().OPTIONS ?? {}),
)

const finderClasses = loadedFromSettings('STATICFILES_FINDERS', () =>
  Promise.all(
    settings.STATICFILES_FINDERS.map((name, i) =>
      loadNamed(`STATICFILES_FINDERS[${i}]`, name, classWith<FinderClass>('find', 'list')),
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
