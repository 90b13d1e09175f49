/** Registers the checks of headers, cookies, CSRF protection and the order of MIDDLEWARE. */
import { register } from '#core/checks'
import { checkCookieDomains, checkCookies, checkSessionAge } from './cookies.ts'
import {
  checkAllowedHosts,
  checkCspDirectives,
  checkCspNonce,
  checkProxyHeader,
  checkSecretKeys,
  checkSecurity,
  checkServingKeys,
} from './security.ts'
import { checkCsrfFailureView, checkCsrfIsOn, checkTrustedOrigins } from './csrf.ts'
import { checkCompressionIsOutside, checkCsrfIsEarly, checkNeeds, checkRedirectIsEarly, checkTwice } from './order.ts'
import { checkSessionsAreAtomic, checkSessionsAreShared, checkSessionStore } from './session_store.ts'

const ALWAYS = {
  security: [checkCsrfFailureView, checkTrustedOrigins, checkCspDirectives, checkAllowedHosts, checkProxyHeader],
  sessions: [checkCookies, checkSessionAge, checkSessionStore, checkSessionsAreAtomic],
  middleware: [checkNeeds, checkCsrfIsEarly, checkTwice, checkCompressionIsOutside, checkRedirectIsEarly],
}

const OF_DEPLOYMENT = {
  security: [checkSecurity, checkSecretKeys, checkCsrfIsOn, checkCspNonce],
  sessions: [checkCookieDomains, checkSessionsAreShared],
}

for (const [tag, checks] of Object.entries(ALWAYS)) for (const check of checks) register(check, tag)
for (const [tag, checks] of Object.entries(OF_DEPLOYMENT))
  for (const check of checks) register(check, tag, { deploy: true })
register(checkServingKeys, 'security', { serving: true })
