/** Pure functions on cookies, hosts, URIs, entity tags and HTTP dates. They read no settings. */
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
export { buildPolicy, CSP, type CspPolicy, cspValues } from './csp.ts'
export { etagOf, parseEtags, quoteEtag } from './etags.ts'
export { isAllowedHost, isPort, isSameDomain, splitDomainPort } from './hosts.ts'
export { httpDate, parseHttpDate } from './http_dates.ts'
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
