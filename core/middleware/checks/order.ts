/** Checks of the order of MIDDLEWARE. */
import { settings } from '#core/conf'
import { canonicalName } from '#core/utils'
import { type CheckMessage, Error, Warning } from '#core/checks'

// The positions of the built-in middleware in MIDDLEWARE.

export const SECURITY = 'core.middleware.security.SecurityMiddleware'
export const COMMON = 'core.middleware.common.CommonMiddleware'
export const CSRF = 'core.middleware.csrf.CsrfViewMiddleware'
export const FRAMES = 'core.middleware.clickjacking.XFrameOptionsMiddleware'
const CONDITIONAL_GET = 'core.middleware.http.ConditionalGetMiddleware'
const GZIP = 'core.middleware.gzip.GZipMiddleware'
export const SESSIONS = 'core.contrib.sessions.middleware.SessionMiddleware'
const AUTHENTICATION = 'core.contrib.auth.middleware.AuthenticationMiddleware'
const LOGIN_REQUIRED = 'core.contrib.auth.middleware.LoginRequiredMiddleware'
const MESSAGES = 'core.contrib.messages.middleware.MessageMiddleware'

/** Canonical names of the entries, with `core.` for `django.`; undefined for functions. */
const chain = (): (string | undefined)[] =>
  settings.MIDDLEWARE.map((entry) => (typeof entry === 'string' ? canonicalName(entry) : undefined))

/** The index of a middleware, or -1. */
const placeOf = (name: string): number => chain().indexOf(name)

export const isUsed = (name: string): boolean => placeOf(name) >= 0

/** `MIDDLEWARE[2]`. */
const place = (index: number): string => `MIDDLEWARE[${index}]`

interface Need {
  readonly id: string
  /** The middleware, and the one that it needs. */
  readonly who: string
  readonly what: string
  readonly why: string
  readonly isNeeded?: () => boolean
}

const inCookies = (): boolean =>
  canonicalName(settings.MESSAGE_STORAGE) === 'core.contrib.messages.storage.cookie.CookieStorage'

const NEEDS: readonly Need[] = [
  { id: 'middleware.E001', who: AUTHENTICATION, what: SESSIONS, why: 'The user is found by the session.' },
  {
    id: 'middleware.E002',
    who: MESSAGES,
    what: SESSIONS,
    why: 'MESSAGE_STORAGE keeps messages in the session.',
    isNeeded: () => !inCookies(),
  },
  {
    id: 'middleware.E003',
    who: CSRF,
    what: SESSIONS,
    why: 'CSRF_USE_SESSIONS keeps the secret in the session.',
    isNeeded: () => settings.CSRF_USE_SESSIONS,
  },
  { id: 'auth.E013', who: LOGIN_REQUIRED, what: AUTHENTICATION, why: 'It asks who the user is.' },
]

function unmet({ id, who, what, why, isNeeded }: Need): CheckMessage[] {
  const at = placeOf(who)
  if (at < 0 || isNeeded?.() === false) return []
  const before = placeOf(what)
  if (before >= 0 && before < at) return []
  const message = `In order to use ${who}, ${what} must be defined before it in MIDDLEWARE. ${why}`
  const hint =
    before < 0
      ? `Put '${what}' into MIDDLEWARE, before ${place(at)}.`
      : `Move ${place(before)}, '${what}', to before ${place(at)}.`
  return [new Error(message, { id, obj: place(at), hint })]
}

/** middleware.E001 to E003, auth.E013: middleware whose dependency is missing or comes later. */
export const checkNeeds = (): CheckMessage[] => NEEDS.flatMap(unmet)

/** Middleware that protects views or logs users in, and relies on CSRF protection. */
const RELIES_ON_CSRF: ReadonlySet<string> = new Set([
  AUTHENTICATION,
  LOGIN_REQUIRED,
  'core.contrib.auth.middleware.RemoteUserMiddleware',
  'core.contrib.auth.middleware.PersistentRemoteUserMiddleware',
  'core.contrib.admindocs.middleware.XViewMiddleware',
  'core.middleware.cache.FetchFromCacheMiddleware',
])

/** Whether an entry is the result of `router.routes()` of a Koa router, which responds by itself. */
const isRouter = (entry: unknown): boolean => typeof entry === 'function' && 'router' in entry

/** middleware.W004: CSRF protection comes after middleware that it should protect. */
export function checkCsrfIsEarly(): CheckMessage[] {
  const csrf = placeOf(CSRF)
  const names = chain()
  const at = names.findIndex((name, i) => RELIES_ON_CSRF.has(name ?? '') || isRouter(settings.MIDDLEWARE[i]))
  if (csrf < 0 || at < 0 || at > csrf) return []
  const message =
    `'${CSRF}' stands after ${place(at)}, ${names[at] ?? 'a router'}, which decides or answers before it is known` +
    " whether the request is the visitor's own."
  const hint = `Move ${place(csrf)}, '${CSRF}', to before ${place(at)}.`
  return [new Warning(message, { id: 'middleware.W004', obj: place(csrf), hint })]
}

/** middleware.W005: a built-in middleware occurs twice. */
export function checkTwice(): CheckMessage[] {
  const names = chain()
  return names.flatMap((name, i) => {
    if (!name?.startsWith('core.') || names.indexOf(name) === i) return []
    const message = `'${name}' is in MIDDLEWARE twice: ${place(names.indexOf(name))} and ${place(i)}.`
    return [new Warning(message, { id: 'middleware.W005', obj: place(i), hint: `Take ${place(i)} out.` })]
  })
}

/** middleware.W006: an ETag of compressed bytes never matches, because their padding is random. */
export function checkCompressionIsOutside(): CheckMessage[] {
  const [gzip, conditional] = [placeOf(GZIP), placeOf(CONDITIONAL_GET)]
  if (gzip < 0 || conditional < 0 || gzip < conditional) return []
  const message = `'${CONDITIONAL_GET}' stands before '${GZIP}': it makes ETags of compressed bytes, which differ each time, and never sends 304.`
  const hint = `Move ${place(gzip)}, '${GZIP}', to before ${place(conditional)}.`
  return [new Warning(message, { id: 'middleware.W006', obj: place(conditional), hint })]
}

/** middleware.W007: a request over http is processed before it is redirected to https. */
export function checkRedirectIsEarly(): CheckMessage[] {
  const [security, sessions] = [placeOf(SECURITY), placeOf(SESSIONS)]
  if (!settings.SECURE_SSL_REDIRECT || !isUsed(SESSIONS) || security < sessions) return []
  const message = `'${SECURITY}' stands after '${SESSIONS}': sessions are read, and their cookies sent, over http before SECURE_SSL_REDIRECT redirects.`
  const hint = `Move ${place(security)}, '${SECURITY}', to the beginning of MIDDLEWARE.`
  return [new Warning(message, { id: 'middleware.W007', obj: place(security), hint })]
}
