/** Quotes URLs as Django does, parses them as Python does, and checks redirect targets and host names. */

/** Maximum length of a URL that `urlHasAllowedHostAndScheme` accepts. */
const MAX_URL_LENGTH = 2048

// encodeURI throws for a lone surrogate.
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

const percentEncoded = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

/** Percent-encodes all but letters, digits, `_.-~` and the given ASCII characters, as Python's `quote()`. */
export function quoteUri(text: string, safe = '/'): string {
  // A Set, because both arguments may come from a client, and searching `safe` for each character would be quadratic.
  const kept = new Set(safe)
  return encodeURIComponent(wellFormed(text))
    .replace(/[!'()*]/g, (character) => (kept.has(character) ? character : percentEncoded(character)))
    .replace(/%[0-7][0-9A-F]/g, (escape) => {
      const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
      return kept.has(character) ? character : escape
    })
}

/** Decodes percent-escapes; undefined if they are malformed or not UTF-8. */
export function unquoteUri(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Encodes an IRI as an ASCII URI. Existing percent-escapes are kept. */
export function iriToUri(iri: string): string {
  return encodeURI(wellFormed(iri)).replace(/%25|%5B|%5D/g, (escape) =>
    escape === '%25' ? '%' : escape === '%5B' ? '[' : ']',
  )
}

/** Encodes a decoded path for a URL. */
export function escapeUriPath(path: string): string {
  return encodeURI(wellFormed(path)).replace(/[;=?#]/g, percentEncoded)
}

/** Escapes the second of two leading slashes, which would make the path a URL of another host. */
export function escapeLeadingSlashes(url: string): string {
  return url.startsWith('//') ? `/%2F${url.slice(2)}` : url
}

export interface UrlParts {
  /** Lower case, without the colon. */
  readonly scheme: string
  /** User, host and port as written. */
  readonly netloc: string
  readonly path: string
  readonly query: string
  readonly fragment: string
}

/** Splits a URL into its undecoded parts; undefined if its host has unbalanced brackets. */
export function splitUrl(url: string): UrlParts | undefined {
  // Browsers ignore these characters, so they must not hide the rest of the URL.
  // oxlint-disable-next-line no-control-regex
  let rest = url.replace(/^[\0- ]+/, '').replace(/[\t\r\n]/g, '')
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(rest)?.[1] ?? ''
  if (scheme !== '') rest = rest.slice(scheme.length + 1)
  let netloc = ''
  if (rest.startsWith('//')) {
    const end = rest.slice(2).search(/[/?#]/)
    netloc = end < 0 ? rest.slice(2) : rest.slice(2, end + 2)
    rest = rest.slice(netloc.length + 2)
    if (netloc.includes('[') !== netloc.includes(']')) return undefined
  }
  const hash = rest.indexOf('#')
  const fragment = hash < 0 ? '' : rest.slice(hash + 1)
  if (hash >= 0) rest = rest.slice(0, hash)
  const mark = rest.indexOf('?')
  const query = mark < 0 ? '' : rest.slice(mark + 1)
  return { scheme: scheme.toLowerCase(), netloc, path: mark < 0 ? rest : rest.slice(0, mark), query, fragment }
}

function isSafe(url: string, hosts: ReadonlySet<string>, schemes: readonly string[]): boolean {
  if (url.length > MAX_URL_LENGTH || /^\p{C}/u.test(url)) return false
  // Browsers treat three slashes as two, and ignore tabs and newlines between them.
  if (/^\/[\t\r\n]*\/[\t\r\n]*\//.test(url)) return false
  const parts = splitUrl(url)
  if (parts === undefined) return false
  if (parts.netloc === '') return parts.scheme === ''
  return hosts.has(parts.netloc) && schemes.includes(parts.scheme || 'http')
}

/**
 * Whether an untrusted URL is safe to redirect to: it stays on this host, or has one of the allowed hosts and http(s).
 * An empty URL is not safe.
 * @param options.requireHttps rejects http URLs
 */
export function urlHasAllowedHostAndScheme(
  url: string | null | undefined,
  allowedHosts: string | Iterable<string> | null,
  { requireHttps = false }: { requireHttps?: boolean } = {},
): boolean {
  const trimmed = url?.trim() ?? ''
  if (trimmed === '') return false
  const hosts = new Set(typeof allowedHosts === 'string' ? [allowedHosts] : (allowedHosts ?? []))
  const schemes = requireHttps ? ['https'] : ['http', 'https']
  // Some browsers treat a backslash as a slash, so the URL must be safe either way.
  return isSafe(trimmed, hosts, schemes) && isSafe(trimmed.replaceAll('\\', '/'), hosts, schemes)
}

const HOST = /^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::([0-9]+))?$/

/** Splits a Host header into domain (lower case, without a trailing dot) and port; both empty if it is invalid. */
export function splitDomainPort(host: string): { domain: string; port: string } {
  const match = HOST.exec(host.toLowerCase())
  if (match === null) return { domain: '', port: '' }
  const domain = match[1] as string
  return { domain: domain.endsWith('.') ? domain.slice(0, -1) : domain, port: match[2] ?? '' }
}

/** Whether a string is a port that a client can connect to: 1 to 65535, without leading zeros. */
export const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535

/** Whether a host equals the pattern or, for a pattern with a leading dot, is the domain or a subdomain. */
export function isSameDomain(host: string, pattern: string): boolean {
  if (pattern === '') return false
  const wanted = pattern.toLowerCase()
  return wanted.startsWith('.') ? host.endsWith(wanted) || host === wanted.slice(1) : host === wanted
}

/** Whether a domain is among the allowed ones: exact names, `.domain` with its subdomains, `*` for all. */
export function isAllowedHost(domain: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) => pattern === '*' || isSameDomain(domain, pattern))
}
