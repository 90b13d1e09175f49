/** Where the middleware of the framework stand in MIDDLEWARE. */
import { settings } from '#core/conf'
import { canonicalName } from '#core/utils'

export const SECURITY = 'core.middleware.security.SecurityMiddleware'
export const COMMON = 'core.middleware.common.CommonMiddleware'
export const CSRF = 'core.middleware.csrf.CsrfViewMiddleware'
export const FRAMES = 'core.middleware.clickjacking.XFrameOptionsMiddleware'
export const CONDITIONAL_GET = 'core.middleware.http.ConditionalGetMiddleware'
export const GZIP = 'core.middleware.gzip.GZipMiddleware'
export const SESSIONS = 'core.contrib.sessions.middleware.SessionMiddleware'
export const AUTHENTICATION = 'core.contrib.auth.middleware.AuthenticationMiddleware'
export const LOGIN_REQUIRED = 'core.contrib.auth.middleware.LoginRequiredMiddleware'
export const MESSAGES = 'core.contrib.messages.middleware.MessageMiddleware'

/** The entries' names, `django.` read as `core.`; undefined for functions. */
export const chain = (): (string | undefined)[] =>
  settings.MIDDLEWARE.map((entry) => (typeof entry === 'string' ? canonicalName(entry) : undefined))

/** The index of a middleware, or -1. */
export const placeOf = (name: string): number => chain().indexOf(name)

export const isUsed = (name: string): boolean => placeOf(name) >= 0

/** `MIDDLEWARE[2]`. */
export const place = (index: number): string => `MIDDLEWARE[${index}]`
