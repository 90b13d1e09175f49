/** System checks of the session settings, with Django's ids. */
import { apps } from '#core/apps'
import { type CheckMessage, Info, register, Warning } from '#core/checks'
import { allSettings, settings } from '#core/conf'
import { canonicalName, formatValue } from '#core/utils'

const APP = 'core.contrib.sessions'
const MIDDLEWARE = 'core.contrib.sessions.middleware.SessionMiddleware'

interface CookieFlag {
  readonly setting: 'SESSION_COOKIE_SECURE' | 'SESSION_COOKIE_HTTPONLY'
  readonly why: string
  /** Ids for: the app is installed, the middleware is used, both. */
  readonly ids: readonly [string, string, string]
}

const FLAGS: readonly CookieFlag[] = [
  {
    setting: 'SESSION_COOKIE_SECURE',
    why: 'Using a secure-only session cookie makes it more difficult for network traffic sniffers to hijack user sessions.',
    ids: ['security.W010', 'security.W011', 'security.W012'],
  },
  {
    setting: 'SESSION_COOKIE_HTTPONLY',
    why: 'Using an HttpOnly session cookie makes it more difficult for cross-site scripting attacks to hijack user sessions.',
    ids: ['security.W013', 'security.W014', 'security.W015'],
  },
]

function checkFlag({ setting, why, ids: [inApps, inMiddleware, inBoth] }: CookieFlag): CheckMessage[] {
  if (settings[setting]) return []
  const hint = `In settings.ts: ${setting}: true`
  const app = apps.isInstalled(APP)
  const middleware = settings.MIDDLEWARE.some(
    (entry) => typeof entry === 'string' && canonicalName(entry) === MIDDLEWARE,
  )
  if (app && middleware)
    return [new Warning(`${setting} is not set to true. ${why}`, { id: inBoth, obj: setting, hint })]
  const found = app ? `'${APP}' in your INSTALLED_APPS` : `'${MIDDLEWARE}' in your MIDDLEWARE`
  const message = `You have ${found}, but you have not set ${setting} to true. ${why}`
  return app || middleware ? [new Warning(message, { id: app ? inApps : inMiddleware, obj: setting, hint })] : []
}

const IN_COOKIES = 'core.contrib.sessions.backends.signed_cookies'

/** What an engine that keeps nothing cannot promise. */
function checkEngine(): CheckMessage[] {
  if (canonicalName(settings.SESSION_ENGINE) !== IN_COOKIES) return []
  const message =
    'Sessions in signed cookies cannot be taken back: a copied cookie stays good after logout until SESSION_COOKIE_AGE' +
    ' is over, and of two requests at once the one that answers last wins.'
  const hint =
    "Set SESSION_ENGINE to 'core.contrib.sessions.backends.db' or another that keeps records, or silence this."
  return [new Info(message, { id: 'sessions.I001', hint, obj: 'SESSION_ENGINE' })]
}

/** A setting of Django 3.1 and 3.2 for the time of an upgrade. */
const HASHING = 'DEFAULT_HASHING_ALGORITHM'

/** Sessions that a Django site signs with SHA-1 would count as forged, and as empty. */
function checkHashing(): CheckMessage[] {
  const algorithm = allSettings()[HASHING]
  if (algorithm === undefined || algorithm === 'sha256') return []
  const message = `${HASHING} is ${formatValue(algorithm)}, but sessions, cookies and links are signed and verified with sha256.`
  const hint = `Have Django sign with sha256, too, and let what it signed before run out. Then remove ${HASHING}.`
  return [new Warning(message, { id: 'sessions.W001', hint, obj: HASHING })]
}

register(() => FLAGS.flatMap(checkFlag), 'security', { deploy: true })
register(checkEngine, 'sessions')
register(checkHashing, 'sessions')
