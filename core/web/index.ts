/** Pure functions for cookies, hosts, URIs, entity tags and HTTP dates. They read no settings. */
export {
  Cookie,
  CookieError,
  type CookieOptions,
  type DeleteCookieOptions,
  expireCookie,
  fillCookie,
  parseCookies,
  quoteCookie,
  unquoteCookie,
} from './cookies.ts'
export { buildPolicy, CSP, type CspPolicy, cspValues } from './header_values.ts'
export { etagOf, parseEtags, quoteEtag } from './header_values.ts'
export { isAllowedHost, isPort, isSameDomain, splitDomainPort } from './uris.ts'
export { httpDate, parseHttpDate } from './header_values.ts'
export {
  escapeLeadingSlashes,
  escapeUriPath,
  iriToUri,
  quoteUri,
  splitUrl,
  unquoteUri,
  urlHasAllowedHostAndScheme,
  type UrlParts,
} from './uris.ts'
