/** Checks of CSRF protection, with Django's ids where they exist. */
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings, UnsuitableValue } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { splitUrl } from '#core/web'
import { findFailureView } from '../csrf.ts'
import { CSRF, isUsed } from './order.ts'

/** security.W003 and W016. */
export function checkCsrfIsOn(): CheckMessage[] {
  if (!isUsed(CSRF)) {
    const message =
      "You don't appear to be using the built-in cross-site request forgery protection via the middleware" +
      ` ('${CSRF}' is not in your MIDDLEWARE). Enabling the middleware is the safest approach to ensure you don't leave` +
      ' any holes.'
    const hint = `Put '${CSRF}' into MIDDLEWARE, after SessionMiddleware and CommonMiddleware.`
    return [new Warning(message, { id: 'security.W003', obj: 'MIDDLEWARE', hint })]
  }
  if (settings.CSRF_USE_SESSIONS || settings.CSRF_COOKIE_SECURE) return []
  const message =
    `You have '${CSRF}' in your MIDDLEWARE, but you have not set CSRF_COOKIE_SECURE to true. Using a secure-only CSRF` +
    ' cookie makes it more difficult for network traffic sniffers to steal the CSRF token.'
  return [new Warning(message, { id: 'security.W016', obj: 'CSRF_COOKIE_SECURE', hint: 'CSRF_COOKIE_SECURE: true' })]
}

/** security.E101 and E102. */
export function checkCsrfFailureView(): CheckMessage[] {
  const found = findFailureView()
  if ('view' in found) return []
  const { error } = found
  const name = settings.CSRF_FAILURE_VIEW
  const obj = 'CSRF_FAILURE_VIEW'
  if (error instanceof UnsuitableValue) {
    const message = `The CSRF failure view '${name}' does not take the correct number of arguments.`
    return [new Error(message, { id: 'security.E101', obj, hint: error.message })]
  }
  const hint = error instanceof ImproperlyConfigured ? error.message : `Importing it failed: ${String(error)}`
  const message = `The CSRF failure view '${name}' could not be imported.`
  return [new Error(message, { id: 'security.E102', obj, hint })]
}

/** Why no Origin header can ever equal an origin that has a scheme; undefined if one can. */
function flawOf(origin: string): string | undefined {
  const parts = splitUrl(origin)
  if (parts === undefined || parts.netloc === '') return 'it has no host'
  if (parts.path !== '' || parts.query !== '' || parts.fragment !== '') return 'there is something after the host'
  const { netloc } = parts
  if (netloc.includes('*') && !/^\*\.[^*]+$/.test(netloc))
    return 'an asterisk can only stand before a dot, at the beginning'
  if (netloc !== netloc.toLowerCase()) return 'browsers send the host in lower case'
  const isDefaultPort = netloc.endsWith(parts.scheme === 'https' ? ':443' : ':80')
  return isDefaultPort ? 'browsers leave the usual port out' : undefined
}

/** 4_0.E001, and csrf.W001: origins that never match. */
export function checkTrustedOrigins(): CheckMessage[] {
  return settings.CSRF_TRUSTED_ORIGINS.flatMap((origin, i) => {
    const obj = `CSRF_TRUSTED_ORIGINS[${i}]`
    if (!origin.includes('://')) {
      const message =
        'As of Django 4.0, the values in the CSRF_TRUSTED_ORIGINS setting must start with a scheme (usually http:// or' +
        ` https://) but found ${origin}.`
      const host = origin.startsWith('.') ? `*${origin}` : origin
      return [new Error(message, { id: '4_0.E001', obj, hint: `Write 'https://${host}' there.` })]
    }
    const flaw = flawOf(origin)
    if (flaw === undefined) return []
    const message = `No request will ever match the trusted origin '${origin}': ${flaw}.`
    const hint = "Write scheme and host, as in 'https://shop.example.com' or 'https://*.example.com'."
    return [new Warning(message, { id: 'csrf.W001', obj, hint })]
  })
}
