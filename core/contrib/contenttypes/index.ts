/** Content types: which models the installed apps have, and the row of each. */
export {
  type AppModel,
  ContentType,
  ContentTypeDoesNotExist,
  ContentTypeManager,
  createContentTypes,
  modelsOf,
  modelsOfApp,
} from './models.ts'
