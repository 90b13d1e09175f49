/** The host of a request, and whether ALLOWED_HOSTS includes it. */
import type { IncomingMessage } from 'node:http'
import { memoizeString } from '#core/concurrency'
import { cachedFromSettings, settings } from '#core/conf'
import { BadRequest, DisallowedHost } from '#core/exceptions'
import { isAllowedHost, isPort, splitDomainPort } from '#core/web'
import { formatValue } from '#core/utils'
import type { HttpRequest } from './request.ts'

const LOCAL_HOSTS = ['.localhost', '127.0.0.1', '[::1]']

const testHosts = new Set<string>()

/** Allows a host in addition to ALLOWED_HOSTS, in this process. For test clients. */
export function allowTestHost(domain: string): void {
  testHosts.add(domain)
}

/** The value of a request header; undefined if it is absent. */
export function header(request: HttpRequest, name: string): string | undefined {
  const value = request.req.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** X-Forwarded-Port, if USE_X_FORWARDED_PORT is on. @throws BadRequest if it is not a port */
function forwardedPort(request: HttpRequest): string | undefined {
  const port = settings.USE_X_FORWARDED_PORT ? header(request, 'x-forwarded-port') : undefined
  if (port === undefined || isPort(port)) return port
  throw new BadRequest(`X-Forwarded-Port should be a port, found ${formatValue(port)}`)
}

const localPort = (request: HttpRequest): string => String(request.req.socket.localPort ?? '')

/** The port as a string: X-Forwarded-Port if USE_X_FORWARDED_PORT is on, otherwise that of the connection. */
export const portOf = (request: HttpRequest): string => forwardedPort(request) ?? localPort(request)

const defaultPort = (request: HttpRequest): string => (isSecure(request) ? '443' : '80')

/** The local address of the connection, for a request without a Host header. */
function localHost(request: HttpRequest): string {
  const address = (request.req.socket.localAddress ?? '').replace(/^::ffff:/, '')
  const host = address.includes(':') ? `[${address}]` : address
  const port = portOf(request)
  return port === '' || port === defaultPort(request) ? host : `${host}:${port}`
}

/** The host as the client sent it, unchecked. */
function givenHost(request: HttpRequest): string {
  const forwarded = settings.USE_X_FORWARDED_HOST ? header(request, 'x-forwarded-host') : undefined
  // HTTP/2 has no Host header, but `:authority`.
  return forwarded ?? header(request, 'host') ?? header(request, ':authority') ?? localHost(request)
}

/** @throws DisallowedHost */
function checkedHost(host: string, patterns: readonly string[]): string {
  const { domain, port } = splitDomainPort(host)
  const isValid = domain !== '' && (port === '' || isPort(port))
  if (isValid && (isAllowedHost(domain, patterns) || testHosts.has(domain))) return host
  throw new DisallowedHost(`Invalid HTTP_HOST header: ${formatValue(host)}. ${remedyFor(domain, isValid)}`)
}

/** Built again when one of the settings that it reads changes. */
const hostChecker = cachedFromSettings(() => {
  const patterns = settings.DEBUG && settings.ALLOWED_HOSTS.length === 0 ? LOCAL_HOSTS : settings.ALLOWED_HOSTS
  return memoizeString((host) => checkedHost(host, patterns))
})

/** @throws DisallowedHost */
export const hostOf = (request: HttpRequest): string => hostChecker()(givenHost(request))

function remedyFor(domain: string, isValid: boolean): string {
  if (isValid) return `You may need to add ${formatValue(domain)} to ALLOWED_HOSTS.`
  return domain === ''
    ? 'The domain name provided is not valid according to RFC 1034/1035.'
    : 'A port is a number from 1 to 65535.'
}

/** How many headers Node reads if the server sets no `maxHeadersCount`. */
const HEADERS_READ = 1000

/** Node silently drops headers over the limit. These could be a second Host, or headers that a proxy has added. */
function refuseUnreadHeaders({ rawHeaders, socket }: IncomingMessage): void {
  const { server } = socket as { readonly server?: { readonly maxHeadersCount?: number | null } }
  const most = server?.maxHeadersCount ?? HEADERS_READ
  if (most > 0 && rawHeaders.length >= 2 * most) throw new BadRequest(`The request has ${most} headers or more`)
}

/**
 * Refuses a request that names its host twice, so that a proxy and the site could read different ones (RFC 9112, 3.2),
 * and one with more headers than were read, among which there could be another.
 * @throws DisallowedHost, BadRequest
 */
export function refuseSecondHost(request: IncomingMessage): void {
  refuseUnreadHeaders(request)
  const { rawHeaders, headers } = request
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  // HTTP/2 may send both, with the same value (RFC 9113, 8.3.1).
  const authority = headers[':authority']
  const differs = hosts > 0 && authority !== undefined && authority !== headers.host
  if (hosts > 1 || differs) throw new DisallowedHost('Invalid HTTP_HOST header: the request names more than one host.')
}

/** The port that clients connect to, if it is known. */
function publicPort(request: HttpRequest): string | undefined {
  const isBehindProxy = settings.SECURE_PROXY_SSL_HEADER !== null || settings.USE_X_FORWARDED_HOST
  return forwardedPort(request) ?? (isBehindProxy ? undefined : localPort(request))
}

/**
 * The host for links that are sent to other people, such as in mails. Unlike `getHost()`, it has a port only if that is
 * the port of the site: ALLOWED_HOSTS does not restrict ports, so a client could choose any.
 * @throws DisallowedHost
 */
export function hostForLinks(request: HttpRequest): string {
  const host = hostOf(request)
  const { port } = splitDomainPort(host)
  if (port === '') return host
  const isOurs = port === publicPort(request) && port !== defaultPort(request)
  return isOurs ? host : host.slice(0, -port.length - 1)
}

/** The header name for a key of Django's META: `x-forwarded-proto` for HTTP_X_FORWARDED_PROTO. */
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
