/** Context processors, each of which adds variables to every template that is rendered for a request. */
import { settings } from '#core/conf'

interface RequestLike {
  readonly ip?: string
  readonly csrfToken?: () => string
  readonly cspNonce?: string
}

/** `csrf_token`, which is created when a template uses it. The engine always adds this processor. */
export function csrf(request: unknown): Record<string, unknown> {
  return { csrf_token: () => (request as RequestLike).csrfToken?.() ?? 'NOTPROVIDED' }
}

/** `request`. */
export function request(request: unknown): Record<string, unknown> {
  return { request }
}

/** `debug`, which is true if DEBUG is on and the client's address is in INTERNAL_IPS. */
export function debug(request: unknown): Record<string, unknown> {
  const internal = (settings as Readonly<Record<string, unknown>>).INTERNAL_IPS
  const { ip = '' } = request as RequestLike
  const isInternal = Array.isArray(internal) && (internal.includes(ip) || internal.includes(ip.replace(/^::ffff:/, '')))
  return settings.DEBUG && isInternal ? { debug: true } : {}
}

/** `STATIC_URL`. */
export function staticFiles(_request: unknown): Record<string, unknown> {
  return { STATIC_URL: settings.STATIC_URL }
}

/** `MEDIA_URL`. */
export function media(_request: unknown): Record<string, unknown> {
  return { MEDIA_URL: settings.MEDIA_URL }
}

/** `csp_nonce`, which is created when a template uses it. */
export function csp(request: unknown): Record<string, unknown> {
  return { csp_nonce: () => (request as RequestLike).cspNonce ?? '' }
}

/** `LANGUAGE_CODE`. */
export function i18n(_request: unknown): Record<string, unknown> {
  return { LANGUAGE_CODE: settings.LANGUAGE_CODE, LANGUAGE_BIDI: false }
}

/** `TIME_ZONE`. */
export function tz(_request: unknown): Record<string, unknown> {
  return { TIME_ZONE: settings.TIME_ZONE }
}

// Django's name is a reserved word in JavaScript.
export { staticFiles as static }
