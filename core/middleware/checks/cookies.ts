/** Checks of the session and CSRF cookie settings: values that browsers reject, and names that collide. */
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { isAllowedHost, isSameDomain } from '#core/web'
import { CSRF, isUsed, SESSIONS } from './order.ts'

type Family = 'SESSION' | 'CSRF'

interface CookieSettings {
  /** Prefix of the settings' names: `SESSION_COOKIE`. */
  readonly prefix: string
  /** Prefix of the check ids: `sessions.E00`. */
  readonly ids: string
  readonly name: string
  readonly domain: string | null
  readonly path: string
  readonly secure: boolean
  readonly samesite: string | false | null
}

const IDS: Record<Family, string> = { SESSION: 'sessions', CSRF: 'csrf' }

const cookieOf = (family: Family): CookieSettings => ({
  prefix: `${family}_COOKIE`,
  ids: IDS[family],
  name: settings[`${family}_COOKIE_NAME`],
  domain: settings[`${family}_COOKIE_DOMAIN`],
  path: settings[`${family}_COOKIE_PATH`],
  secure: settings[`${family}_COOKIE_SECURE`],
  samesite: settings[`${family}_COOKIE_SAMESITE`],
})

const isHostPrefixed = ({ name }: CookieSettings): boolean => /^__Host-/i.test(name)
const isPrefixed = ({ name }: CookieSettings): boolean => /^__(?:Host|Secure)-/i.test(name)

/** Why a string is not a valid cookie domain; undefined if it is valid. */
function domainFlaw(domain: string): string | undefined {
  if (/[:/\s]/.test(domain)) return 'a domain has neither scheme nor port nor path'
  const bare = domain.replace(/^\./, '')
  if (!bare.includes('.')) return 'browsers take no cookie for a whole top-level domain, or for a name without a dot'
  return undefined
}

/** Whether any of the site's hosts may set a cookie for a domain. */
function isServed(domain: string): boolean {
  const bare = domain.replace(/^\./, '').toLowerCase()
  const hosts = settings.ALLOWED_HOSTS
  return (
    hosts.length === 0 ||
    isAllowedHost(bare, hosts) ||
    hosts.some((host) => isSameDomain(host.toLowerCase(), `.${bare}`))
  )
}

/** Values that browsers always reject. The ids start with `sessions.` or `csrf.`, by cookie. */
function refusedCookie(cookie: CookieSettings): CheckMessage[] {
  const { prefix, ids, name, domain, path, secure, samesite } = cookie
  const messages: CheckMessage[] = []
  const note = (number: number, setting: string, message: string, hint: string): void => {
    messages.push(new Error(message, { id: `${ids}.E00${number}`, obj: `${prefix}_${setting}`, hint }))
  }
  if (samesite === 'None' && !secure) {
    const message = `${prefix}_SAMESITE is 'None' and ${prefix}_SECURE is false: browsers refuse such a cookie.`
    note(
      1,
      'SAMESITE',
      message,
      `${prefix}_SECURE: true, or ${prefix}_SAMESITE: 'Lax' if other sites need not send it.`,
    )
  }
  if (isPrefixed(cookie) && !secure) {
    const message = `The cookie '${name}' is not Secure: with that beginning of its name, browsers refuse it.`
    note(2, 'SECURE', message, `${prefix}_SECURE: true`)
  }
  if (isHostPrefixed(cookie) && domain !== null) {
    const message = `The cookie '${name}' has a Domain, '${domain}': with __Host- in its name, browsers refuse it.`
    note(3, 'DOMAIN', message, `${prefix}_DOMAIN: null, or '__Secure-' for '__Host-' in ${prefix}_NAME.`)
  }
  if (isHostPrefixed(cookie) && path !== '/') {
    const message = `The cookie '${name}' has the Path '${path}': with __Host- in its name, browsers refuse it.`
    note(4, 'PATH', message, `${prefix}_PATH: '/', or '__Secure-' for '__Host-' in ${prefix}_NAME.`)
  }
  const flaw = domain === null ? undefined : domainFlaw(domain)
  if (flaw !== undefined) {
    const message = `${prefix}_DOMAIN is '${domain}', but ${flaw}: browsers refuse the cookie.`
    note(5, 'DOMAIN', message, `${prefix}_DOMAIN: null for this host alone, or '.example.com' for it and all below it.`)
  }
  if (!path.startsWith('/')) {
    const message = `${prefix}_PATH is '${path}', which does not begin with a slash: browsers put another path in its place.`
    note(6, 'PATH', message, `${prefix}_PATH: '/${path}'`)
  }
  return messages
}

/** The cookies that this project sends. */
function cookiesInUse(): CookieSettings[] {
  const ofCsrf = isUsed(CSRF) && !settings.CSRF_USE_SESSIONS
  return [...(isUsed(SESSIONS) ? [cookieOf('SESSION')] : []), ...(ofCsrf ? [cookieOf('CSRF')] : [])]
}

/** Names of the framework's other cookies, by the setting or the app that defines them. */
const OTHERS = (): Readonly<Record<string, string>> => ({
  LANGUAGE_COOKIE_NAME: settings.LANGUAGE_COOKIE_NAME,
  'the messages of core.contrib.messages': 'messages',
})

function sameNames(cookies: readonly CookieSettings[]): CheckMessage[] {
  const seen = new Map(Object.entries(OTHERS()).map(([by, name]) => [name, by]))
  return cookies.flatMap(({ prefix, ids, name }) => {
    const other = seen.get(name)
    seen.set(name, `${prefix}_NAME`)
    if (other === undefined) return []
    const message = `Two cookies have the name '${name}': ${prefix}_NAME and ${other}. Each takes the other's place.`
    return [
      new Error(message, { id: `${ids}.E007`, obj: `${prefix}_NAME`, hint: `Give ${prefix}_NAME a name of its own.` }),
    ]
  })
}

/** sessions.E001 to E007, and csrf.E001 to E007. */
export function checkCookies(): CheckMessage[] {
  const cookies = cookiesInUse()
  return [...cookies.flatMap(refusedCookie), ...sameNames(cookies)]
}

/** sessions.W008 and csrf.W008, with --deploy: a domain that none of the site's hosts belongs to. */
export function checkCookieDomains(): CheckMessage[] {
  return cookiesInUse().flatMap(({ prefix, ids, domain }) => {
    if (domain === null || domainFlaw(domain) !== undefined || isServed(domain)) return []
    const message = `${prefix}_DOMAIN is '${domain}', but no host of ALLOWED_HOSTS lies there: browsers refuse the cookie.`
    const hint = `${prefix}_DOMAIN: null for the host that answers, or a domain that all of ALLOWED_HOSTS lie in.`
    return [new Warning(message, { id: `${ids}.W008`, obj: `${prefix}_DOMAIN`, hint })]
  })
}

/** sessions.W009: sessions that expire immediately. */
export function checkSessionAge(): CheckMessage[] {
  if (!isUsed(SESSIONS) || settings.SESSION_COOKIE_AGE > 0 || settings.SESSION_EXPIRE_AT_BROWSER_CLOSE) return []
  const message = 'SESSION_COOKIE_AGE is 0: every session is over as soon as it is made.'
  const hint =
    'SESSION_COOKIE_AGE in seconds, or SESSION_EXPIRE_AT_BROWSER_CLOSE: true for sessions that end with the browser.'
  return [new Warning(message, { id: 'sessions.W009', obj: 'SESSION_COOKIE_AGE', hint })]
}
