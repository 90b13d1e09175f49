/** Static files: found in apps and folders, served in development, collected for a web server, addressed by `{% static %}`. */
export { staticUrl } from '#core/template'
export { find, findAll, getFinders, staticfilesStorage } from './configured.ts'
export type { PostProcessed, StaticStorage, StaticStorageClass, StorageOptions } from './contract.ts'
export { AppDirectoriesFinder, FileSystemFinder, type Finder, type FinderClass, type FoundFile } from './finders.ts'
export { staticFilesHandler } from './handlers.ts'
export { ManifestStaticFilesStorage, MissingStaticFile, StaticFilesStorage } from './storage.ts'
export { staticfilesUrlpatterns, staticUrlpatterns } from './urls.ts'
export { serve, type ServeParams } from './views.ts'
