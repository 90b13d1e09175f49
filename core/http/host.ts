/** Which host a request is for, and whether the site answers to it. */
import { builtFrom, settings } from '#core/conf'
import { DisallowedHost } from '#core/exceptions'
import { isAllowedHost, shown, splitDomainPort } from '#core/utils'
import type { HttpRequest } from './view.ts'

const LOCAL_HOSTS = ['.localhost', '127.0.0.1', '[::1]']

const testHosts = new Set<string>()

/** Makes this process answer to one more host, whatever ALLOWED_HOSTS says. For test clients. */
export function allowTestHost(domain: string): void {
  testHosts.add(domain)
}

/** Hosts that were found allowed, so that the usual ones cost a look-up; bounded, since clients choose the names. */
const allowedBefore = builtFrom(['ALLOWED_HOSTS', 'DEBUG'], () => new Set<string>())
const MOST_REMEMBERED = 100

/** A header that comes once; undefined where it is absent. */
export function header(request: HttpRequest, name: string): string | undefined {
  const value = request.req.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** The port of the connection as text, or of X-Forwarded-Port where the settings trust it. */
export function portOf(request: HttpRequest): string {
  const forwarded = settings.USE_X_FORWARDED_PORT ? header(request, 'x-forwarded-port') : undefined
  return forwarded ?? String(request.req.socket.localPort ?? '')
}

/** The address that the connection came in on, for the rare client that names no host. */
function localHost(request: HttpRequest): string {
  const address = (request.req.socket.localAddress ?? '').replace(/^::ffff:/, '')
  const host = address.includes(':') ? `[${address}]` : address
  const port = portOf(request)
  return port === '' || port === (isSecure(request) ? '443' : '80') ? host : `${host}:${port}`
}

/** The host as given, unchecked. */
function givenHost(request: HttpRequest): string {
  const forwarded = settings.USE_X_FORWARDED_HOST ? header(request, 'x-forwarded-host') : undefined
  // HTTP/2 has no Host header, but `:authority`.
  return forwarded ?? header(request, 'host') ?? header(request, ':authority') ?? localHost(request)
}

function isAllowed(domain: string): boolean {
  const allowed = settings.DEBUG && settings.ALLOWED_HOSTS.length === 0 ? LOCAL_HOSTS : settings.ALLOWED_HOSTS
  return isAllowedHost(domain, allowed) || testHosts.has(domain)
}

/** @throws DisallowedHost */
export function hostOf(request: HttpRequest): string {
  const host = givenHost(request)
  const remembered = allowedBefore()
  if (remembered.has(host)) return host
  const { domain } = splitDomainPort(host)
  if (domain !== '' && isAllowed(domain)) {
    if (remembered.size < MOST_REMEMBERED) remembered.add(host)
    return host
  }
  const remedy =
    domain === ''
      ? 'The domain name provided is not valid according to RFC 1034/1035.'
      : `You may need to add ${shown(domain)} to ALLOWED_HOSTS.`
  throw new DisallowedHost(`Invalid HTTP_HOST header: ${shown(host)}. ${remedy}`)
}

/** The header that a name in META's spelling stands for: HTTP_X_FORWARDED_PROTO is x-forwarded-proto. */
export const headerOfMeta = (name: string): string =>
  name
    .replace(/^HTTP_/, '')
    .replaceAll('_', '-')
    .toLowerCase()

export function isSecure(request: HttpRequest): boolean {
  const proxy = settings.SECURE_PROXY_SSL_HEADER
  if (proxy !== null) {
    const value = header(request, headerOfMeta(proxy[0] ?? ''))
    if (value !== undefined) return (value.split(',')[0] as string).trim() === proxy[1]
  }
  return (request.req.socket as { encrypted?: boolean }).encrypted === true
}
