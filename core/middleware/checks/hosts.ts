/** Checks of hosts and proxies: entries that never match, and a proxy's header that says less than it seems. */
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings } from '#core/conf'

/** hosts.W001: entries of ALLOWED_HOSTS that are no host. */
export function checkAllowedHosts(): CheckMessage[] {
  return settings.ALLOWED_HOSTS.flatMap((host, i) => {
    const bare = host.replace(/^[a-z]+:\/\//i, '').split(/[/?#]/)[0] as string
    const named = bare.startsWith('[') ? bare.replace(/\]:\d+$/, ']') : bare.replace(/:\d+$/, '')
    const wanted = named.startsWith('*.') ? named.slice(1) : named
    if (wanted === host) return []
    const message = `No request will ever match '${host}' in ALLOWED_HOSTS: an entry has neither scheme nor port nor path, and '.example.com' stands for all below it.`
    return [new Warning(message, { id: 'hosts.W001', obj: `ALLOWED_HOSTS[${i}]`, hint: `Write '${wanted}' there.` })]
  })
}

/** hosts.E002 and W003: SECURE_PROXY_SSL_HEADER that is no pair, or that takes http for https. */
export function checkProxyHeader(): CheckMessage[] {
  const pair = settings.SECURE_PROXY_SSL_HEADER
  if (pair === null) return []
  const obj = 'SECURE_PROXY_SSL_HEADER'
  const hint = "SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https']"
  if (pair.length !== 2) {
    return [
      new Error(`${obj} should be a header's name and the value that means https.`, { id: 'hosts.E002', obj, hint }),
    ]
  }
  if (pair[1]?.toLowerCase() !== 'http') return []
  const message = `${obj} takes '${pair[1]}' for a sign of https, so that what came over http counts as secure.`
  return [new Warning(message, { id: 'hosts.W003', obj, hint })]
}
