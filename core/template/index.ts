/** Templates: `renderToString` and `getTemplate` for views, types and `markSafe` for libraries, `loadEngines` for startup. */
import { register } from '#core/checks'
import { checkTemplates } from './checks.ts'
export {
  type BackendClass,
  type BackendParams,
  Engines,
  engines,
  type EngineSetting,
  getTemplate,
  loadEngines,
  renderToString,
  selectTemplate,
  type Template,
  type TemplateBackend,
} from './engines.ts'
export type { Context } from './context.ts'
export { formatDate } from './dateformat.ts'
export type { ContextProcessor } from './engine.ts'
export { limitTemplateAccess, type TemplateAccess } from './syntax/access.ts'
export { TemplateDoesNotExist, templatePosition, type TemplatePosition, TemplateSyntaxError } from './errors.ts'
export type { Filter, FilterOptions, Library, Tag, TagCompiler, TagParser, TagToken } from './library.ts'
export type { LoaderSetup, TemplateLoader, TemplateSource } from './loaders/base.ts'
export { conditionalEscape, escapeHtml, html, markSafe, SafeString } from './safe.ts'
export { resolveStaticUrlsWith, staticUrl, type StaticUrlResolver, withScriptName } from './templatetags/static.ts'
export { altersData } from '#core/utils'

register(checkTemplates, 'templates')
