/** Content types: which models the installed apps have, and the row of each. */
export { type AppModel, modelsOf, modelsOfApp } from './app_models.ts'
export { createContentTypes } from './management.ts'
export { ContentType, ContentTypeDoesNotExist, ContentTypeManager } from './models.ts'
