/** Public API of content types: the models of the installed apps, each with a row in the database. */
export {
  type AppModel,
  ContentType,
  ContentTypeDoesNotExist,
  ContentTypeManager,
  createContentTypes,
  modelsOf,
  modelsOfApp,
} from './models.ts'
