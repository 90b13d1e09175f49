/** Tells of the setting that is missing where a proxy says https and nobody believes it. */
import { settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { getLogger } from '#core/utils'

const log = getLogger('django.security.proxy')

let told = false

/**
 * Logs, once in a process, that X-Forwarded-Proto says https while SECURE_PROXY_SSL_HEADER trusts no header.
 * @param consequence what goes wrong because of it
 */
export function hintAtProxy(request: HttpRequest, consequence: string): void {
  if (told || settings.SECURE_PROXY_SSL_HEADER !== null) return
  if (request.get('X-Forwarded-Proto').split(',')[0]?.trim() !== 'https') return
  told = true
  log.warning(
    `${consequence} The request says X-Forwarded-Proto: https, but SECURE_PROXY_SSL_HEADER is not set, so it counts as` +
      " http. If your proxy sets that header itself and takes it off what clients send: SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https']",
  )
}

/** Forgets that it was told. For tests. */
export function forgetProxyHint(): void {
  told = false
}
