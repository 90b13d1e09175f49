/** Whether a request comes from a page of ours, or of a site that we trust: by Origin, else by Referer. */
import { cachedFromSettings, settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { isSameDomain, splitUrl, type UrlParts } from '#core/utils'

// The texts are Django's: people look them up.
const NO_REFERER = 'Referer checking failed - no Referer.'
const MALFORMED_REFERER = 'Referer checking failed - Referer is malformed.'
const INSECURE_REFERER = 'Referer checking failed - Referer is insecure while host is secure.'

/** CSRF_TRUSTED_ORIGINS, taken apart once. */
const trusted = cachedFromSettings(['CSRF_TRUSTED_ORIGINS'], () => {
  const origins = settings.CSRF_TRUSTED_ORIGINS
  const patterns = origins.map((origin) => {
    const { scheme = '', netloc = '' } = splitUrl(origin) ?? {}
    // `https://*.example.com` stands for `.example.com`, the domain and all below it.
    return { origin, scheme, host: netloc.replace(/^\*+/, '') }
  })
  return {
    exact: new Set(origins.filter((origin) => !origin.includes('*'))),
    wildcards: patterns.filter(({ origin }) => origin.includes('*')),
    hosts: patterns.map(({ host }) => host),
  }
})

function isTrustedOrigin(request: HttpRequest, origin: string): boolean {
  if (origin === `${request.scheme}://${request.getHost()}`) return true
  const { exact, wildcards } = trusted()
  if (exact.has(origin)) return true
  const parts = splitUrl(origin)
  if (parts === undefined) return false
  return wildcards.some(({ scheme, host }) => scheme === parts.scheme && isSameDomain(parts.netloc, host))
}

/** The host, with its port, that a Referer must name where it is none of the trusted. */
function expectedHost(request: HttpRequest): string {
  const domain = settings.CSRF_USE_SESSIONS ? settings.SESSION_COOKIE_DOMAIN : settings.CSRF_COOKIE_DOMAIN
  if (domain === null) return request.getHost()
  const port = request.getPort()
  return ['443', '80', ''].includes(port) ? domain : `${domain}:${port}`
}

const asUrl = ({ scheme, netloc, path, query, fragment }: UrlParts): string =>
  `${scheme}://${netloc}${path}${query && `?${query}`}${fragment && `#${fragment}`}`

function problemWithReferer(request: HttpRequest): string | undefined {
  const { referer } = request.req.headers
  if (referer === undefined) return NO_REFERER
  const parts = splitUrl(referer)
  if (parts === undefined || parts.scheme === '' || parts.netloc === '') return MALFORMED_REFERER
  if (parts.scheme !== 'https') return INSECURE_REFERER
  if (trusted().hosts.some((host) => isSameDomain(parts.netloc, host))) return undefined
  if (isSameDomain(parts.netloc, expectedHost(request))) return undefined
  return `Referer checking failed - ${asUrl(parts)} does not match any trusted origins.`
}

/**
 * Why the page that a request comes from is not believed; undefined where it is.
 * Over http nobody can tell by the Referer, since anyone on the way can write one.
 */
export function problemWithOrigin(request: HttpRequest): string | undefined {
  const { origin } = request.req.headers
  if (origin === undefined) return request.isSecure() ? problemWithReferer(request) : undefined
  if (isTrustedOrigin(request, origin)) return undefined
  return `Origin checking failed - ${origin} does not match any trusted origins.`
}
