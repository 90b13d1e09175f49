/** The storages that STORAGES may name: plain files, and files with a hash in their names. */
export { StaticFilesStorage } from './folder_storage.ts'
export { ManifestStaticFilesStorage, MissingStaticFile } from './manifest_storage.ts'
