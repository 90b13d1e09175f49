/** URLs: patterns that lead to views (`path`, `rePath`, `include`), and the ways there and back (`resolve`, `reverse`). */
import { register } from '#core/checks'
import { checkUrlConfig, checkUrlNamespacesUnique, checkUrlSettings } from './checks.ts'

export {
  getResolver,
  isValidPath,
  loadUrlconf,
  type ReverseOptions,
  resolve,
  reverse,
} from './base.ts'
export { type Converter, type ConverterTypes, getConverters, registerConverter } from './converters.ts'
export type { Tried, UrlEntry, UrlPatterns } from './entry.ts'
export { NoReverseMatch, Resolver404 } from './errors.ts'
export { Included, include, type UrlconfModule } from './include.ts'
export type { RouteParams } from './params.ts'
export { type PathOptions, path, rePath } from './path.ts'
export { URLPattern } from './pattern.ts'
export { InvalidUrlconf } from './problems.ts'
export { type Query, type QueryValue, urlencode } from './quoting.ts'
export { URLResolver } from './resolver.ts'
export { type ErrorHandler, type ErrorHandlers, RootResolver } from './root.ts'
export { clearScriptPrefix, getScriptPrefix, setScriptPrefix } from './script_prefix.ts'
export type { Urlconf } from './urlconfs.ts'

register(checkUrlConfig, 'urls')
register(checkUrlNamespacesUnique, 'urls')
register(checkUrlSettings, 'urls')
