/** Public API of URLs: patterns (`path`, `rePath`, `include`), resolving paths and reversing names. */
import { register } from '#core/checks'
import { checkUrlConfig, checkUrlNamespacesUnique, checkUrlSettings } from './checks.ts'
export {
  clearScriptPrefix,
  getResolver,
  getScriptPrefix,
  isValidPath,
  loadUrlconf,
  resolve,
  reverse,
  type ReverseOptions,
  setScriptPrefix,
} from './base.ts'
export { type Converter, type ConverterTypes, getConverters, registerConverter } from './patterns/converters.ts'
export { type Tried, type UrlEntry, URLPattern, type UrlPatterns } from './patterns/pattern.ts'
export { InvalidUrlconf, NoReverseMatch, Resolver404 } from './errors.ts'
export { include, Included, type UrlconfModule } from './patterns/include.ts'
export { path, type PathOptions, rePath, type RouteParams } from './patterns/path.ts'
export { type Query, type QueryValue, urlencode } from './reverse/quoting.ts'
export { URLResolver } from './resolve/resolver.ts'
export { type ErrorHandler, type ErrorHandlers, RootResolver } from './resolve/root.ts'
export type { Urlconf } from './resolve/urlconfs.ts'

register(checkUrlConfig, 'urls')
register(checkUrlNamespacesUnique, 'urls')
register(checkUrlSettings, 'urls')
