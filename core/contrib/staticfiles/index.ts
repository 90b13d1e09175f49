/** Public API of static files: finders, storages, and views for development. */
export { staticUrl } from '#core/template'
export { find, findAll, getFinders, staticfilesStorage } from './finders.ts'
export type { PostProcessed, StaticStorage, StaticStorageClass, StorageOptions } from './base.ts'
export { AppDirectoriesFinder, FileSystemFinder, type Finder, type FinderClass, type FoundFile } from './finders.ts'
export { serve, type ServeParams, staticFilesHandler, staticfilesUrlpatterns, staticUrlpatterns } from './views.ts'
export { ManifestStaticFilesStorage, MissingStaticFile, StaticFilesStorage } from './storage.ts'
