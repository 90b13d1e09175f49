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
export {
  buildPolicy,
  CSP,
  type CspPolicy,
  cspValues,
  etagOf,
  httpDate,
  parseEtags,
  parseHttpDate,
  quoteEtag,
} from './header_values.ts'
export {
  escapeLeadingSlashes,
  escapeUriPath,
  iriToUri,
  isAllowedHost,
  isPort,
  isSameDomain,
  quoteUri,
  splitDomainPort,
  splitUrl,
  unquoteUri,
  urlHasAllowedHostAndScheme,
  type UrlParts,
} from './uris.ts'
