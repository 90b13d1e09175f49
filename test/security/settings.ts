/** The settings with which docs/topics/security.md meets ASVS; test/docs/security.test.ts compares them. */
import type { Settings } from '#core/conf'
import { CSP } from '#core/web'

export const STRICT = {
  MIDDLEWARE: [
    'core.middleware.security.SecurityMiddleware',
    'core.middleware.csp.ContentSecurityPolicyMiddleware',
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.middleware.csrf.CsrfViewMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
    'core.contrib.messages.middleware.MessageMiddleware',
    'core.middleware.clickjacking.XFrameOptionsMiddleware',
  ],
  INSTALLED_APPS: [
    'core.contrib.auth',
    'core.contrib.contenttypes',
    'core.contrib.sessions',
    'core.contrib.session_devices',
    'core.contrib.messages',
  ],
  SESSION_ENGINE: 'core.contrib.sessions.backends.db',
  SESSION_COOKIE_NAME: '__Host-sessionid',
  SESSION_COOKIE_SECURE: true,
  SESSION_COOKIE_AGE: 3600,
  SESSION_SAVE_EVERY_REQUEST: true,
  SESSION_MAX_LIFETIME: 43_200,
  CSRF_COOKIE_NAME: '__Host-csrftoken',
  CSRF_COOKIE_SECURE: true,
  CSRF_COOKIE_HTTPONLY: true,
  MESSAGE_STORAGE: 'core.contrib.messages.storage.session.SessionStorage',
  SECURE_SSL_REDIRECT: true,
  SECURE_HSTS_SECONDS: 31_536_000,
  SECURE_HSTS_INCLUDE_SUBDOMAINS: true,
  SECURE_CSP: {
    'default-src': [CSP.SELF],
    'script-src': [CSP.SELF, CSP.NONCE],
    'style-src': [CSP.SELF, CSP.NONCE],
    'object-src': [CSP.NONE],
    'base-uri': [CSP.NONE],
    'frame-ancestors': [CSP.NONE],
    'report-uri': ['/csp-reports'],
  },
} satisfies Settings
