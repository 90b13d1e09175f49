/** Public API of static files: finders, storages, and views for development. */
export { staticUrl } from '#core/template'
export {
  AppDirectoriesFinder,
  FileSystemFinder,
  find,
  findAll,
  type Finder,
  type FinderClass,
  type FoundFile,
  getFinders,
  staticfilesStorage,
} from './finders.ts'
export type { PostProcessed, StaticStorage, StaticStorageClass, StorageOptions } from './base.ts'
export { serve, type ServeParams, staticFilesHandler, staticfilesUrlpatterns, staticUrlpatterns } from './views.ts'
export { ManifestStaticFilesStorage, MissingStaticFile, StaticFilesStorage } from './storage.ts'
