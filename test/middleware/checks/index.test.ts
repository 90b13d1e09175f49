/** The checks: every mistake has its id, its setting and its remedy, and correct settings cause no message. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type CheckMessage, runChecks } from '#core/checks'
import { overrideSettings, type Settings } from '#core/conf'
import '#core/middleware'
import { CSP } from '#core/web'

const SESSIONS = 'django.contrib.sessions.middleware.SessionMiddleware'
const SECURITY = 'django.middleware.security.SecurityMiddleware'
const COMMON = 'django.middleware.common.CommonMiddleware'
const CSRF = 'django.middleware.csrf.CsrfViewMiddleware'
const AUTH = 'django.contrib.auth.middleware.AuthenticationMiddleware'
const LOGIN = 'django.contrib.auth.middleware.LoginRequiredMiddleware'
const MESSAGES = 'django.contrib.messages.middleware.MessageMiddleware'
const FRAMES = 'django.middleware.clickjacking.XFrameOptionsMiddleware'
const GZIP = 'django.middleware.gzip.GZipMiddleware'
const CONDITIONAL = 'django.middleware.http.ConditionalGetMiddleware'

/** The list that Django's `startproject` writes. */
const USUAL = [SECURITY, SESSIONS, COMMON, CSRF, AUTH, MESSAGES, FRAMES]

const GOOD = {
  DEBUG: false,
  SECRET_KEY: 'J8s-2kfQ_0vWm7Zr4TnYx1cBd9LhGpEuKaIoPqSwXzVbNtRyCgFjMlDe5H63',
  ALLOWED_HOSTS: ['www.example.com'],
  MIDDLEWARE: USUAL,
  SECURE_SSL_REDIRECT: true,
  SECURE_HSTS_SECONDS: 31_536_000,
  SECURE_HSTS_INCLUDE_SUBDOMAINS: true,
  SECURE_HSTS_PRELOAD: true,
  SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https'],
  SESSION_COOKIE_SECURE: true,
  CSRF_COOKIE_SECURE: true,
} satisfies Settings

const LOCMEM = { default: { BACKEND: 'django.core.cache.backends.locmem.LocMemCache' } }
const KEYV = 'core.cache.backends.keyv.KeyvCache'
const throughKeyv = { default: { BACKEND: KEYV, OPTIONS: { adapter: '@keyv/redis' } } }
const REDIS = { default: { BACKEND: 'django.core.cache.backends.redis.RedisCache', LOCATION: 'redis://cache:6379' } }
const ENGINES = 'django.contrib.sessions.backends'

const run = (settings: Settings, deploy = true): Promise<CheckMessage[]> =>
  overrideSettings({ ...GOOD, ...settings }, () => runChecks({ deploy, tags: ['security', 'sessions', 'middleware'] }))

interface Mistake {
  readonly name: string
  readonly settings: Settings
  readonly id: string
  readonly where: string
  readonly remedy: string
  /** Reported by `check` without `--deploy` too. */
  readonly always?: true
}

const without = (name: string): string[] => USUAL.filter((each) => each !== name)

const MISTAKES: readonly Mistake[] = [
  {
    name: 'no SecurityMiddleware',
    settings: { MIDDLEWARE: without(SECURITY) },
    id: 'security.W001',
    where: 'MIDDLEWARE',
    remedy: 'SecurityMiddleware',
  },
  {
    name: 'no XFrameOptionsMiddleware',
    settings: { MIDDLEWARE: without(FRAMES) },
    id: 'security.W002',
    where: 'MIDDLEWARE',
    remedy: 'XFrameOptionsMiddleware',
  },
  {
    name: 'no CsrfViewMiddleware',
    settings: { MIDDLEWARE: without(CSRF) },
    id: 'security.W003',
    where: 'MIDDLEWARE',
    remedy: 'CsrfViewMiddleware',
  },
  {
    name: 'no HSTS',
    settings: { SECURE_HSTS_SECONDS: 0 },
    id: 'security.W004',
    where: 'SECURE_HSTS_SECONDS',
    remedy: 'SECURE_HSTS_SECONDS: 3600',
  },
  {
    name: 'HSTS without subdomains',
    settings: { SECURE_HSTS_INCLUDE_SUBDOMAINS: false },
    id: 'security.W005',
    where: 'SECURE_HSTS_INCLUDE_SUBDOMAINS',
    remedy: 'true',
  },
  {
    name: 'no nosniff',
    settings: { SECURE_CONTENT_TYPE_NOSNIFF: false },
    id: 'security.W006',
    where: 'SECURE_CONTENT_TYPE_NOSNIFF',
    remedy: 'true',
  },
  {
    name: 'no redirect to https',
    settings: { SECURE_SSL_REDIRECT: false },
    id: 'security.W008',
    where: 'SECURE_SSL_REDIRECT',
    remedy: 'true',
  },
  {
    name: 'a short key',
    settings: { SECRET_KEY: GOOD.SECRET_KEY.slice(0, 49) },
    id: 'security.W009',
    where: 'SECRET_KEY',
    remedy: 'NUAGES_SECRET_KEY',
  },
  {
    name: 'a monotonous key',
    settings: { SECRET_KEY: 'abcd'.repeat(20) },
    id: 'security.W009',
    where: 'SECRET_KEY',
    remedy: 'randomBytes',
  },
  {
    name: 'the key of startproject',
    settings: { SECRET_KEY: `django-insecure-${GOOD.SECRET_KEY}` },
    id: 'security.W009',
    where: 'SECRET_KEY',
    remedy: 'randomBytes',
  },
  {
    name: 'a weak fallback key',
    settings: { SECRET_KEY_FALLBACKS: [GOOD.SECRET_KEY, 'weak'] },
    id: 'security.W025',
    where: 'SECRET_KEY_FALLBACKS[1]',
    remedy: 'Take SECRET_KEY_FALLBACKS[1] out',
  },
  {
    name: 'a CSRF cookie over http',
    settings: { CSRF_COOKIE_SECURE: false },
    id: 'security.W016',
    where: 'CSRF_COOKIE_SECURE',
    remedy: 'true',
  },
  { name: 'DEBUG', settings: { DEBUG: true }, id: 'security.W018', where: 'DEBUG', remedy: 'DEBUG: false' },
  {
    name: 'frames of the same site',
    settings: { X_FRAME_OPTIONS: 'SAMEORIGIN' },
    id: 'security.W019',
    where: 'X_FRAME_OPTIONS',
    remedy: "'DENY'",
  },
  {
    name: 'no hosts',
    settings: { ALLOWED_HOSTS: [] },
    id: 'security.W020',
    where: 'ALLOWED_HOSTS',
    remedy: "['www.example.com']",
  },
  {
    name: 'no preload',
    settings: { SECURE_HSTS_PRELOAD: false },
    id: 'security.W021',
    where: 'SECURE_HSTS_PRELOAD',
    remedy: 'true',
  },
  {
    name: 'no referrer policy',
    settings: { SECURE_REFERRER_POLICY: null },
    id: 'security.W022',
    where: 'SECURE_REFERRER_POLICY',
    remedy: "'same-origin'",
  },
  {
    name: 'an unknown referrer policy',
    settings: { SECURE_REFERRER_POLICY: 'origin, some-origin' },
    id: 'security.E023',
    where: 'SECURE_REFERRER_POLICY',
    remedy: 'no-referrer',
  },
  {
    name: 'an unknown opener policy',
    settings: { SECURE_CROSS_ORIGIN_OPENER_POLICY: 'sameorigin' },
    id: 'security.E024',
    where: 'SECURE_CROSS_ORIGIN_OPENER_POLICY',
    remedy: 'unsafe-none',
  },
  {
    name: 'a policy that is no list',
    settings: { SECURE_CSP: { 'script-src': { self: true } } },
    id: 'security.E026',
    where: "SECURE_CSP['script-src']",
    remedy: 'list of texts',
    always: true,
  },
  {
    name: 'a policy with a semicolon',
    settings: { SECURE_CSP_REPORT_ONLY: { 'script-src': ["'self'; img-src *"] } },
    id: 'security.E026',
    where: "SECURE_CSP_REPORT_ONLY['script-src']",
    remedy: 'list of texts',
    always: true,
  },
  {
    name: 'a nonce that no template gets',
    settings: { SECURE_CSP: { 'script-src': [CSP.NONCE] } },
    id: 'security.W027',
    where: 'TEMPLATES',
    remedy: 'core.template.context_processors.csp',
  },
  {
    name: 'a failure view of too many arguments',
    settings: { CSRF_FAILURE_VIEW: 'test.middleware.site.urls.takesTooMuch' },
    id: 'security.E101',
    where: 'CSRF_FAILURE_VIEW',
    remedy: '(request, { reason })',
    always: true,
  },
  {
    name: 'a failure view that is none',
    settings: { CSRF_FAILURE_VIEW: 'test.middleware.site.urls.urlpatterns' },
    id: 'security.E101',
    where: 'CSRF_FAILURE_VIEW',
    remedy: '(request, { reason })',
    always: true,
  },
  {
    name: 'a failure view that is not there',
    settings: { CSRF_FAILURE_VIEW: 'core.views.csrf.csrfFailur' },
    id: 'security.E102',
    where: 'CSRF_FAILURE_VIEW',
    remedy: "Did you mean 'csrfFailure'?",
    always: true,
  },
  {
    name: 'a trusted origin without a scheme',
    settings: { CSRF_TRUSTED_ORIGINS: ['https://a.example.com', '.example.com'] },
    id: '4_0.E001',
    where: 'CSRF_TRUSTED_ORIGINS[1]',
    remedy: "'https://*.example.com'",
    always: true,
  },
  {
    name: 'a trusted origin with a slash',
    settings: { CSRF_TRUSTED_ORIGINS: ['https://a.example.com/'] },
    id: 'csrf.W001',
    where: 'CSRF_TRUSTED_ORIGINS[0]',
    remedy: 'scheme and host',
    always: true,
  },
  {
    name: 'a trusted origin with its usual port',
    settings: { CSRF_TRUSTED_ORIGINS: ['https://a.example.com:443'] },
    id: 'csrf.W001',
    where: 'CSRF_TRUSTED_ORIGINS[0]',
    remedy: 'scheme and host',
    always: true,
  },
  {
    name: 'a trusted origin with a stray asterisk',
    settings: { CSRF_TRUSTED_ORIGINS: ['https://shop-*.example.com'] },
    id: 'csrf.W001',
    where: 'CSRF_TRUSTED_ORIGINS[0]',
    remedy: 'https://*.example.com',
    always: true,
  },
  {
    name: 'SameSite=None without Secure',
    settings: { SESSION_COOKIE_SAMESITE: 'None', SESSION_COOKIE_SECURE: false },
    id: 'sessions.E001',
    where: 'SESSION_COOKIE_SAMESITE',
    remedy: 'SESSION_COOKIE_SECURE: true',
    always: true,
  },
  {
    name: 'SameSite=None without Secure, for CSRF',
    settings: { CSRF_COOKIE_SAMESITE: 'None', CSRF_COOKIE_SECURE: false },
    id: 'csrf.E001',
    where: 'CSRF_COOKIE_SAMESITE',
    remedy: 'CSRF_COOKIE_SECURE: true',
    always: true,
  },
  {
    name: '__Secure- without Secure',
    settings: { SESSION_COOKIE_NAME: '__Secure-sessionid', SESSION_COOKIE_SECURE: false },
    id: 'sessions.E002',
    where: 'SESSION_COOKIE_SECURE',
    remedy: 'SESSION_COOKIE_SECURE: true',
    always: true,
  },
  {
    name: '__Host- with a Domain',
    settings: { SESSION_COOKIE_NAME: '__Host-sessionid', SESSION_COOKIE_DOMAIN: '.example.com' },
    id: 'sessions.E003',
    where: 'SESSION_COOKIE_DOMAIN',
    remedy: 'SESSION_COOKIE_DOMAIN: null',
    always: true,
  },
  {
    name: '__Host- with a Path',
    settings: { CSRF_COOKIE_NAME: '__host-csrftoken', CSRF_COOKIE_PATH: '/app/' },
    id: 'csrf.E004',
    where: 'CSRF_COOKIE_PATH',
    remedy: "CSRF_COOKIE_PATH: '/'",
    always: true,
  },
  {
    name: 'a URL for a domain',
    settings: { SESSION_COOKIE_DOMAIN: 'https://example.com' },
    id: 'sessions.E005',
    where: 'SESSION_COOKIE_DOMAIN',
    remedy: "'.example.com'",
    always: true,
  },
  {
    name: 'a domain without a dot',
    settings: { SESSION_COOKIE_DOMAIN: '.com' },
    id: 'sessions.E005',
    where: 'SESSION_COOKIE_DOMAIN',
    remedy: 'SESSION_COOKIE_DOMAIN: null',
    always: true,
  },
  {
    name: 'a path without a slash',
    settings: { SESSION_COOKIE_PATH: 'app' },
    id: 'sessions.E006',
    where: 'SESSION_COOKIE_PATH',
    remedy: "'/app'",
    always: true,
  },
  {
    name: 'two cookies of one name',
    settings: { CSRF_COOKIE_NAME: 'sessionid' },
    id: 'csrf.E007',
    where: 'CSRF_COOKIE_NAME',
    remedy: 'a name of its own',
    always: true,
  },
  {
    name: 'a domain of another site',
    settings: { SESSION_COOKIE_DOMAIN: '.example.org' },
    id: 'sessions.W008',
    where: 'SESSION_COOKIE_DOMAIN',
    remedy: 'SESSION_COOKIE_DOMAIN: null',
  },
  {
    name: 'sessions without an age',
    settings: { SESSION_COOKIE_AGE: 0 },
    id: 'sessions.W009',
    where: 'SESSION_COOKIE_AGE',
    remedy: 'SESSION_EXPIRE_AT_BROWSER_CLOSE',
    always: true,
  },
  {
    name: 'sessions in a cache that is not there',
    settings: { SESSION_ENGINE: `${ENGINES}.cache`, SESSION_CACHE_ALIAS: 'sessions' },
    id: 'sessions.E020',
    where: 'SESSION_CACHE_ALIAS',
    remedy: 'default',
    always: true,
  },
  {
    name: 'sessions in a cache that keeps nothing',
    settings: {
      SESSION_ENGINE: `${ENGINES}.cache`,
      CACHES: { default: { BACKEND: 'django.core.cache.backends.dummy.DummyCache' } },
    },
    id: 'sessions.E020',
    where: "CACHES['default'].BACKEND",
    remedy: 'RedisCache',
    always: true,
  },
  {
    name: 'sessions in the memory of a process',
    settings: { SESSION_ENGINE: `${ENGINES}.cache`, CACHES: LOCMEM },
    id: 'sessions.W022',
    where: "CACHES['default'].BACKEND",
    remedy: 'RedisCache',
  },
  {
    name: 'cached sessions in the memory of a process',
    settings: { SESSION_ENGINE: `${ENGINES}.cached_db`, CACHES: LOCMEM },
    id: 'sessions.W022',
    where: "CACHES['default'].BACKEND",
    remedy: 'backends.db',
  },
  {
    name: 'sessions in a Map of Keyv',
    settings: { SESSION_ENGINE: `${ENGINES}.cache`, CACHES: { default: { BACKEND: KEYV } } },
    id: 'sessions.W022',
    where: "CACHES['default'].BACKEND",
    remedy: 'RedisCache',
  },
  {
    name: 'sessions in a cache without compare-and-set',
    settings: { SESSION_ENGINE: `${ENGINES}.cache`, CACHES: throughKeyv },
    id: 'sessions.W024',
    where: "CACHES['default'].BACKEND",
    remedy: 'RedisCache',
    always: true,
  },
  {
    name: 'cached sessions in a cache without compare-and-set',
    settings: {
      SESSION_ENGINE: `${ENGINES}.cached_db`,
      SESSION_CACHE_ALIAS: 'sessions',
      CACHES: { ...LOCMEM, sessions: throughKeyv.default },
    },
    id: 'sessions.W024',
    where: "CACHES['sessions'].BACKEND",
    remedy: 'backends.db',
    always: true,
  },
  {
    name: 'sessions in a database in memory',
    settings: { DATABASES: { default: { ENGINE: 'django.db.backends.sqlite3', NAME: ':memory:' } } },
    id: 'sessions.W023',
    where: "DATABASES['default'].NAME",
    remedy: 'db.sqlite3',
  },
  {
    name: 'auth before sessions',
    settings: { MIDDLEWARE: [SECURITY, AUTH, SESSIONS, COMMON, CSRF, MESSAGES, FRAMES] },
    id: 'middleware.E001',
    where: 'MIDDLEWARE[1]',
    remedy: 'Move MIDDLEWARE[2]',
    always: true,
  },
  {
    name: 'auth without sessions',
    settings: { MIDDLEWARE: [SECURITY, COMMON, CSRF, AUTH, FRAMES] },
    id: 'middleware.E001',
    where: 'MIDDLEWARE[3]',
    remedy: 'into MIDDLEWARE, before MIDDLEWARE[3]',
    always: true,
  },
  {
    name: 'messages before sessions',
    settings: { MIDDLEWARE: [SECURITY, MESSAGES, SESSIONS, COMMON, CSRF, AUTH, FRAMES] },
    id: 'middleware.E002',
    where: 'MIDDLEWARE[1]',
    remedy: 'Move MIDDLEWARE[2]',
    always: true,
  },
  {
    name: 'CSRF in sessions before sessions',
    settings: { CSRF_USE_SESSIONS: true, MIDDLEWARE: [SECURITY, CSRF, SESSIONS, COMMON, AUTH, MESSAGES, FRAMES] },
    id: 'middleware.E003',
    where: 'MIDDLEWARE[1]',
    remedy: 'Move MIDDLEWARE[2]',
    always: true,
  },
  {
    name: 'login required before auth',
    settings: { MIDDLEWARE: [SECURITY, SESSIONS, COMMON, CSRF, LOGIN, AUTH, MESSAGES, FRAMES] },
    id: 'auth.E013',
    where: 'MIDDLEWARE[4]',
    remedy: 'Move MIDDLEWARE[5]',
    always: true,
  },
  {
    name: 'CSRF after views are decided about',
    settings: { MIDDLEWARE: [SECURITY, SESSIONS, COMMON, AUTH, LOGIN, CSRF, MESSAGES, FRAMES] },
    id: 'middleware.W004',
    where: 'MIDDLEWARE[5]',
    remedy: 'to before MIDDLEWARE[3]',
    always: true,
  },
  {
    name: 'CSRF after a router',
    settings: { MIDDLEWARE: [SECURITY, Object.assign(() => {}, { router: {} }), SESSIONS, COMMON, CSRF, AUTH, FRAMES] },
    id: 'middleware.W004',
    where: 'MIDDLEWARE[4]',
    remedy: 'to before MIDDLEWARE[1]',
    always: true,
  },
  {
    name: 'the same twice',
    settings: { MIDDLEWARE: [...USUAL, 'core.contrib.sessions.middleware.SessionMiddleware'] },
    id: 'middleware.W005',
    where: 'MIDDLEWARE[7]',
    remedy: 'Take MIDDLEWARE[7] out',
    always: true,
  },
  {
    name: 'conditional GET outside of compression',
    settings: { MIDDLEWARE: [CONDITIONAL, GZIP, ...USUAL] },
    id: 'middleware.W006',
    where: 'MIDDLEWARE[0]',
    remedy: 'Move MIDDLEWARE[1]',
    always: true,
  },
  {
    name: 'redirecting after sessions are read',
    settings: { MIDDLEWARE: [SESSIONS, SECURITY, COMMON, CSRF, AUTH, MESSAGES, FRAMES] },
    id: 'middleware.W007',
    where: 'MIDDLEWARE[1]',
    remedy: 'beginning of MIDDLEWARE',
    always: true,
  },
  {
    name: 'a host with a scheme',
    settings: { ALLOWED_HOSTS: ['www.example.com', 'https://example.com/'] },
    id: 'hosts.W001',
    where: 'ALLOWED_HOSTS[1]',
    remedy: "'example.com'",
    always: true,
  },
  {
    name: 'a host with a port',
    settings: { ALLOWED_HOSTS: ['example.com:8000'] },
    id: 'hosts.W001',
    where: 'ALLOWED_HOSTS[0]',
    remedy: "'example.com'",
    always: true,
  },
  {
    name: 'a host with an asterisk',
    settings: { ALLOWED_HOSTS: ['*.example.com'] },
    id: 'hosts.W001',
    where: 'ALLOWED_HOSTS[0]',
    remedy: "'.example.com'",
    always: true,
  },
  {
    name: 'a proxy header without a value',
    settings: { SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO'] },
    id: 'hosts.E002',
    where: 'SECURE_PROXY_SSL_HEADER',
    remedy: "['HTTP_X_FORWARDED_PROTO', 'https']",
    always: true,
  },
  {
    name: 'a proxy header that means http',
    settings: { SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'http'] },
    id: 'hosts.W003',
    where: 'SECURE_PROXY_SSL_HEADER',
    remedy: "'https']",
    always: true,
  },
]

const CONFIGURATIONS: Readonly<Record<string, Settings>> = {
  'the usual list, in sessions of the database': {},
  'the names of Nuages': { MIDDLEWARE: USUAL.map((name) => name.replace('django.', 'core.')) },
  'the cookie prefix of a single host': {
    SESSION_COOKIE_NAME: '__Host-sessionid',
    CSRF_COOKIE_NAME: '__Host-csrftoken',
  },
  'cookies for all hosts of a domain': {
    ALLOWED_HOSTS: ['.example.com'],
    SESSION_COOKIE_DOMAIN: '.example.com',
    CSRF_COOKIE_DOMAIN: 'example.com',
    SESSION_COOKIE_NAME: '__Secure-sessionid',
  },
  'cookies for a page in the frame of another site': {
    SESSION_COOKIE_SAMESITE: 'None',
    CSRF_COOKIE_SAMESITE: 'None',
    CSRF_TRUSTED_ORIGINS: ['https://partner.example.net', 'https://*.example.org:8443'],
  },
  'sessions in a shared cache': { SESSION_ENGINE: `${ENGINES}.cache`, CACHES: REDIS },
  'cached sessions, with another cache in memory': {
    SESSION_ENGINE: `${ENGINES}.cached_db`,
    SESSION_CACHE_ALIAS: 'sessions',
    CACHES: { ...LOCMEM, sessions: REDIS.default },
  },
  'CSRF in sessions': { CSRF_USE_SESSIONS: true, CSRF_COOKIE_SECURE: false, CSRF_COOKIE_NAME: 'sessionid' },
  'every middleware there is': {
    MIDDLEWARE: [
      SECURITY,
      GZIP,
      CONDITIONAL,
      'django.middleware.csp.ContentSecurityPolicyMiddleware',
      SESSIONS,
      COMMON,
      CSRF,
      AUTH,
      LOGIN,
      MESSAGES,
      FRAMES,
      () => {},
    ],
    SECURE_CSP: {
      'default-src': [CSP.SELF],
      'script-src': new Set([CSP.SELF, CSP.NONCE]),
      'upgrade-insecure-requests': true,
    },
    TEMPLATES: [
      {
        BACKEND: 'django.template.backends.django.DjangoTemplates',
        OPTIONS: { context_processors: ['django.template.context_processors.csp'] },
      },
    ],
  },
  'messages in cookies, without sessions': {
    MIDDLEWARE: [SECURITY, COMMON, CSRF, MESSAGES, FRAMES],
    MESSAGE_STORAGE: 'django.contrib.messages.storage.cookie.CookieStorage',
    SESSION_COOKIE_NAME: 'csrftoken',
  },
  'a changed key and several hosts': {
    SECRET_KEY_FALLBACKS: [Array.from(GOOD.SECRET_KEY).toReversed().join('')],
    ALLOWED_HOSTS: ['example.com', '.example.net', '[2001:db8::1]', '192.0.2.1', '*'],
    SECURE_REFERRER_POLICY: ['no-referrer', 'strict-origin-when-cross-origin'],
    SECURE_CROSS_ORIGIN_OPENER_POLICY: 'same-origin-allow-popups',
  },
}

describe('checks of middleware and cookies', () => {
  before(() => setup())

  describe('find', () => {
    for (const { name, settings, id, where, remedy, always = false } of MISTAKES) {
      it(`${name}: ${id}`, async () => {
        const message = (await run(settings)).find((each) => each.id === id)
        expect(message?.obj).to.equal(where)
        expect(message?.hint).to.contain(remedy)
        const found = (await run(settings, false)).some((each) => each.id === id)
        expect(found).to.equal(always)
      })
    }
  })

  describe('report nothing for', () => {
    for (const [name, settings] of Object.entries(CONFIGURATIONS)) {
      it(name, async () => {
        expect((await run(settings)).map(String)).to.deep.equal([])
      })
    }
  })

  it('report what sessions through Keyv lose, depending on the engine, and nothing for other engines', async () => {
    const found = async (engine: string): Promise<string[]> =>
      (await run({ SESSION_ENGINE: `${ENGINES}.${engine}`, CACHES: throughKeyv }, false))
        .filter(({ id }) => id === 'sessions.W024')
        .map(({ message }) => message)
    expect((await found('cache')).join()).to.match(
      /Keyv \(@keyv\/redis\).*no compare-and-set.*lose what.*session\.atomic\(\)/,
    )
    expect((await found('cached_db')).join()).to.match(/go on reading.*changed or ended/)
    expect(await found('db')).to.deep.equal([])
    expect(
      (await run({ SESSION_ENGINE: `${ENGINES}.cache`, CACHES: { default: { BACKEND: KEYV } } }, false)).map(
        ({ id }) => id,
      ),
    ).to.not.include('sessions.W024')
  })

  it('report a session table that no app creates', async () => {
    const { checkSessionStore } = await import('../../../core/middleware/checks/session_store.ts')
    const { apps } = await import('#core/apps')
    Object.defineProperty(apps, 'isInstalled', { configurable: true, value: () => false })
    try {
      const [message] = await overrideSettings(GOOD, () => checkSessionStore())
      expect([message?.id, message?.obj]).to.deep.equal(['sessions.W021', 'INSTALLED_APPS'])
    } finally {
      Reflect.deleteProperty(apps, 'isInstalled')
    }
  })

  it('never show a key', async () => {
    const messages = await run({ SECRET_KEY: 'weak-secret', SECRET_KEY_FALLBACKS: ['weak-earlier-secret'] })
    expect(messages.map(String).join('\n')).to.contain('W009').and.contain('W025').and.not.contain('weak-')
  })
})
