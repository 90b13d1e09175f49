/** Every setting, written down once: what it is for, what it may be, what it is when nobody sets it. */
import type { Middleware } from 'koa'
import {
  anyOf,
  boolean,
  cookieName,
  dictOf,
  integer,
  isPlainObject,
  listOf,
  nonEmptyString,
  nullable,
  number,
  oneOf,
  regExp,
  shape,
  string,
  timeZone,
  unchecked,
  type ValueOf,
} from './formats.ts'
import { defineFormat, type Format } from './validation.ts'

export interface SettingDefinition<T> {
  /** One or two sentences, with the unit. */
  readonly doc: string
  readonly format: Format<T>
  readonly default: T
  /** The value is never shown in a message or a listing. */
  readonly secret?: true
}

function setting<T>(doc: string, format: Format<T>, value: NoInfer<T>): SettingDefinition<T> {
  return { doc, format, default: value }
}

function secret<T>(doc: string, format: Format<T>, value: NoInfer<T>): SettingDefinition<T> {
  return { doc, format, default: value, secret: true }
}

const sameSite = oneOf('Lax', 'Strict', 'None', null, false)
const object = dictOf(unchecked, 'any names and values')
const seconds = integer('seconds', 0)
const countOrNull = nullable(integer('', 0))
const bytesOrNull = nullable(integer('bytes', 0))
const nullableString = nullable(string)

const middlewareEntry = anyOf(
  "a dotted name, an npm package's name or a Koa middleware function",
  (value): value is string | Middleware => typeof value === 'function' || (typeof value === 'string' && value !== ''),
)

const secretKey = defineFormat<string>({
  expected: 'a string that is not empty',
  accepts: (value) => nonEmptyString.accepts(value),
  parse: (text) => text,
  problemInside: (value) =>
    value === ''
      ? 'it must not be empty. Put 50 or more random characters there, or into NUAGES_SECRET_KEY'
      : undefined,
})

const nameOrPort = anyOf(
  'a port, as a number or a string',
  (value): value is string | number => typeof value === 'string' || Number.isSafeInteger(value),
)

const stringOrStrings = anyOf(
  'a string or a list of strings',
  (value): value is string | readonly string[] =>
    typeof value === 'string' || (Array.isArray(value) && value.every((entry) => typeof entry === 'string')),
)

type KeyFunction = (key: string, prefix: string, version: number) => string

const keyFunction = anyOf(
  'a function of (key, prefix, version), or its dotted name',
  (value): value is string | KeyFunction => typeof value === 'string' || typeof value === 'function',
)

const database = shape(
  {
    ENGINE: nonEmptyString,
    NAME: string,
    USER: string,
    PASSWORD: string,
    HOST: string,
    PORT: nameOrPort,
    OPTIONS: object,
    CONN_MAX_AGE: nullable(integer('seconds', 0)),
    CONN_HEALTH_CHECKS: boolean,
    ATOMIC_REQUESTS: boolean,
    AUTOCOMMIT: boolean,
    TIME_ZONE: nullable(timeZone),
    TEST: object,
  },
  ['ENGINE'],
)

const cacheEntry = shape(
  {
    BACKEND: nonEmptyString,
    LOCATION: stringOrStrings,
    TIMEOUT: nullable(integer('seconds')),
    KEY_PREFIX: string,
    VERSION: integer('', 0),
    KEY_FUNCTION: keyFunction,
    OPTIONS: object,
  },
  ['BACKEND'],
)

const templateEngine = shape(
  { BACKEND: nonEmptyString, NAME: string, DIRS: listOf(string), APP_DIRS: boolean, OPTIONS: object },
  ['BACKEND'],
)

const loginThrottle = shape(
  {
    FAILURES: integer('', 1),
    ADDRESS_FAILURES: nullable(integer('', 1)),
    PERIOD: integer('seconds', 1),
    CACHE: nonEmptyString,
  },
  [],
)

const securityPolicy = anyOf('an object of directives', isPlainObject)

/** Django's settings with Django's names, meaning and defaults; what Nuages adds says so. */
export const schema = {
  // The project
  DEBUG: setting(
    'Shows technical error pages and tolerates an empty ALLOWED_HOSTS. Never on in production.',
    boolean,
    false,
  ),
  SECRET_KEY: secret(
    'Signs sessions, cookies and tokens. 50 or more random characters. Outside DEBUG the server does not start with one that is public or can be guessed.',
    secretKey,
    '',
  ),
  SECRET_KEY_FALLBACKS: secret(
    'Earlier values of SECRET_KEY: still good for reading, never for writing. The same is asked of each as of SECRET_KEY.',
    listOf(string),
    [],
  ),
  INSTALLED_APPS: setting(
    "The project's apps: dotted folders or dotted names of AppConfig classes.",
    listOf(nonEmptyString),
    [],
  ),
  MIDDLEWARE: setting(
    'The middleware chain, outermost first: dotted names of factories, npm packages, or Koa middleware functions.',
    listOf(middlewareEntry),
    [],
  ),
  ROOT_URLCONF: setting("Dotted name of the module with the project's urlpatterns.", nonEmptyString, 'apps.urls'),
  APPEND_SLASH: setting(
    'Redirects an address that is not found to the same with a slash, where that one exists.',
    boolean,
    true,
  ),
  PREPEND_WWW: setting('Redirects to the host with `www.` in front.', boolean, false),
  FORCE_SCRIPT_NAME: setting(
    'The path under which the whole site lies, put in front of every reversed URL.',
    nullableString,
    null,
  ),
  DISALLOWED_USER_AGENTS: setting('User agents that are answered with 403.', listOf(regExp), []),
  DEFAULT_CHARSET: setting('Charset of responses that name none.', nonEmptyString, 'utf-8'),
  SILENCED_SYSTEM_CHECKS: setting('Ids of checks that are not reported.', listOf(string), []),
  LOGGING: setting('Levels by logger name: `{ loggers: { "django.request": { level: "ERROR" } } }`.', object, {}),
  ADMINS: setting('People who receive error mail.', listOf(unchecked), []),
  MANAGERS: setting('People who receive notices about broken links.', listOf(unchecked), []),
  WSGI_APPLICATION: setting('Known for the sake of copied settings; Nuages has no use for it.', nullableString, null),
  ASGI_APPLICATION: setting('Known for the sake of copied settings; Nuages has no use for it.', nullableString, null),

  // Hosts and proxies
  ALLOWED_HOSTS: setting(
    'Hosts that the site answers to: exact names, `.domain` with its subdomains, or `*`.',
    listOf(string),
    [],
  ),
  USE_X_FORWARDED_HOST: setting(
    'Takes the host from X-Forwarded-Host. Only behind a proxy that sets it.',
    boolean,
    false,
  ),
  USE_X_FORWARDED_PORT: setting(
    'Takes the port from X-Forwarded-Port. Only behind a proxy that sets it.',
    boolean,
    false,
  ),
  SECURE_PROXY_SSL_HEADER: setting(
    "Header (in META's spelling) and value by which a proxy says that the client used https.",
    nullable(listOf(string)),
    null,
  ),
  CLIENT_ADDRESS_HEADER: setting(
    "Header (in META's spelling) in which a proxy gives the client's address, such as HTTP_X_FORWARDED_FOR; its last" +
      ' entry counts. Only behind a proxy that sets it. null takes the address of the connection. Not of Django.',
    nullable(nonEmptyString),
    null,
  ),

  // Uploads
  DATA_UPLOAD_MAX_MEMORY_SIZE: setting(
    'Largest body, without file contents, in bytes; null for no limit.',
    bytesOrNull,
    2_621_440,
  ),
  DATA_UPLOAD_MAX_NUMBER_FIELDS: setting('Most GET or POST fields; null for no limit.', countOrNull, 1000),
  DATA_UPLOAD_MAX_NUMBER_FILES: setting('Most files in one request; null for no limit.', countOrNull, 100),
  FILE_UPLOAD_MAX_MEMORY_SIZE: setting(
    'Files over this many bytes go to a temporary file.',
    integer('bytes', 0),
    2_621_440,
  ),
  FILE_UPLOAD_TEMP_DIR: setting("Folder of temporary upload files; null for the system's.", nullableString, null),
  FILE_UPLOAD_PERMISSIONS: setting('Mode of uploaded files.', nullable(integer('', 0)), 0o644),

  // Databases and caches
  DATABASES: secret(
    'Databases by alias; `default` is used where none is named. ENGINE is core.db.backends.sqlite3, .postgresql or .mysql.',
    dictOf(database),
    { default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'db.sqlite3' } },
  ),
  DATABASE_ROUTERS: setting('Known for the sake of copied settings.', listOf(string), []),
  DEFAULT_AUTO_FIELD: setting(
    'Type of automatic primary keys in tables of the framework.',
    string,
    'core.db.models.BigAutoField',
  ),
  CACHES: secret('Caches by alias; `default` is used where none is named.', dictOf(cacheEntry), {
    default: { BACKEND: 'core.cache.backends.locmem.LocMemCache' },
  }),
  CACHE_MIDDLEWARE_ALIAS: setting('Cache of the page cache.', string, 'default'),
  CACHE_MIDDLEWARE_KEY_PREFIX: setting('Prefix of the keys of the page cache.', string, ''),
  CACHE_MIDDLEWARE_SECONDS: setting('How long a page is kept, in seconds.', seconds, 600),

  // Templates
  TEMPLATES: setting(
    'Template engines. One with BACKEND core.template.backends.django.DjangoTemplates is usual.',
    listOf(templateEngine),
    [{ BACKEND: 'core.template.backends.django.DjangoTemplates', DIRS: [], APP_DIRS: true, OPTIONS: {} }],
  ),

  // Language and time
  LANGUAGE_CODE: setting('Language of the site.', nonEmptyString, 'en-us'),
  LANGUAGE_COOKIE_NAME: setting('Cookie that keeps the chosen language.', cookieName, 'django_language'),
  USE_I18N: setting('Known for the sake of copied settings.', boolean, true),
  USE_L10N: setting('Known for the sake of copied settings.', boolean, true),
  USE_TZ: setting(
    'Keeps dates in UTC in databases without time zones; off, in the wall clock of TIME_ZONE.',
    boolean,
    true,
  ),
  TIME_ZONE: setting('Time zone of the site, by its IANA name.', timeZone, 'America/Chicago'),

  // Sessions
  SESSION_ENGINE: setting(
    'Dotted name of the module whose SessionStore keeps the sessions.',
    nonEmptyString,
    'core.contrib.sessions.backends.db',
  ),
  SESSION_SERIALIZER: setting(
    'Dotted name of the class that turns session data into bytes and back.',
    nonEmptyString,
    'core.contrib.sessions.serializers.JSONSerializer',
  ),
  SESSION_COOKIE_NAME: setting('Name of the session cookie, and prefix of session files.', cookieName, 'sessionid'),
  SESSION_COOKIE_AGE: setting('How long a session lasts, in seconds (two weeks).', seconds, 1_209_600),
  SESSION_COOKIE_DOMAIN: setting('Domain of the session cookie; null for this host alone.', nullableString, null),
  SESSION_COOKIE_PATH: setting('Path of the session cookie.', nonEmptyString, '/'),
  SESSION_COOKIE_SECURE: setting('Sends the session cookie over https only.', boolean, false),
  SESSION_COOKIE_HTTPONLY: setting('Keeps the session cookie from scripts in the page.', boolean, true),
  SESSION_COOKIE_SAMESITE: setting(
    'SameSite of the session cookie; null or false leaves the attribute out.',
    sameSite,
    'Lax',
  ),
  SESSION_SAVE_EVERY_REQUEST: setting(
    'Saves the session and sends its cookie at every request, changed or not.',
    boolean,
    false,
  ),
  SESSION_EXPIRE_AT_BROWSER_CLOSE: setting(
    'Gives the session cookie no age, so that it ends with the browser.',
    boolean,
    false,
  ),
  SESSION_FILE_PATH: setting(
    "Folder of the file engine; null for one of mode 0700 in the system's temporary folder. To share sessions with Django, name Django's folder.",
    nullableString,
    null,
  ),
  SESSION_CACHE_ALIAS: setting('Cache of the cache and cached_db engines.', nonEmptyString, 'default'),
  SESSION_MAX_LIFETIME: setting(
    'Longest life of a session in seconds, however often it is used; null for no limit. Not of Django.',
    nullable(integer('seconds', 1)),
    null,
  ),
  SESSION_DEVICE_DESCRIPTION: setting(
    'Dotted name of a function of the request whose text is noted with a login in the list of devices. Not of Django.',
    nullable(nonEmptyString),
    null,
  ),
  SESSION_STORE_TIMEOUT: setting(
    'Longest wait for the store of the sessions, in seconds; then the answer is 503. Not of Django.',
    number('seconds', 0.001),
    5,
  ),

  // CSRF
  CSRF_COOKIE_NAME: setting('Name of the CSRF cookie.', cookieName, 'csrftoken'),
  CSRF_COOKIE_AGE: setting(
    'Age of the CSRF cookie in seconds; null for a cookie that ends with the browser.',
    nullable(seconds),
    31_449_600,
  ),
  CSRF_COOKIE_DOMAIN: setting('Domain of the CSRF cookie.', nullableString, null),
  CSRF_COOKIE_PATH: setting('Path of the CSRF cookie.', nonEmptyString, '/'),
  CSRF_COOKIE_SECURE: setting('Sends the CSRF cookie over https only.', boolean, false),
  CSRF_COOKIE_HTTPONLY: setting('Keeps the CSRF cookie from scripts in the page.', boolean, false),
  CSRF_COOKIE_SAMESITE: setting('SameSite of the CSRF cookie.', sameSite, 'Lax'),
  CSRF_HEADER_NAME: setting("Header that may carry the token, in META's spelling.", nonEmptyString, 'HTTP_X_CSRFTOKEN'),
  CSRF_TRUSTED_ORIGINS: setting('Origins, with scheme, whose unsafe requests are accepted.', listOf(string), []),
  CSRF_USE_SESSIONS: setting('Keeps the CSRF secret in the session.', boolean, false),
  CSRF_FAILURE_VIEW: setting('View that answers a rejected request.', nonEmptyString, 'core.views.csrf.csrfFailure'),

  // Security headers
  SECURE_SSL_REDIRECT: setting('Redirects http to https.', boolean, false),
  SECURE_SSL_HOST: setting('Host to redirect to; null for the same.', nullableString, null),
  SECURE_REDIRECT_EXEMPT: setting('Paths, without the first slash, that are not redirected.', listOf(regExp), []),
  SECURE_HSTS_SECONDS: setting('Age of Strict-Transport-Security in seconds; 0 for no header.', seconds, 0),
  SECURE_HSTS_INCLUDE_SUBDOMAINS: setting('Adds includeSubDomains to it.', boolean, false),
  SECURE_HSTS_PRELOAD: setting('Adds preload to it.', boolean, false),
  SECURE_CONTENT_TYPE_NOSNIFF: setting('Sends X-Content-Type-Options: nosniff.', boolean, true),
  SECURE_REFERRER_POLICY: setting('Referrer-Policy; null for no header.', nullable(stringOrStrings), 'same-origin'),
  SECURE_CROSS_ORIGIN_OPENER_POLICY: setting(
    'Cross-Origin-Opener-Policy; null for no header.',
    nullableString,
    'same-origin',
  ),
  GZIP_BROTLI: setting(
    'GZipMiddleware sends Brotli instead of gzip where the client takes it. Not of Django.',
    boolean,
    false,
  ),
  SECURE_CSP: setting('Content-Security-Policy, as an object of directives.', securityPolicy, {}),
  SECURE_CSP_REPORT_ONLY: setting(
    'Content-Security-Policy-Report-Only, as an object of directives.',
    securityPolicy,
    {},
  ),
  X_FRAME_OPTIONS: setting('X-Frame-Options.', nonEmptyString, 'DENY'),

  // Users
  AUTH_USER_MODEL: setting('The model of a user.', nonEmptyString, 'auth.User'),
  AUTHENTICATION_BACKENDS: setting('Dotted names of the classes that find and check users.', listOf(string), [
    'core.contrib.auth.backends.ModelBackend',
  ]),
  AUTH_PASSWORD_VALIDATORS: setting('Validators of new passwords.', listOf(object), []),
  PASSWORD_HASHERS: setting('Dotted names of password hashers, the preferred one first.', listOf(string), [
    'core.contrib.auth.hashers.PBKDF2PasswordHasher',
    'core.contrib.auth.hashers.PBKDF2SHA1PasswordHasher',
    'core.contrib.auth.hashers.Argon2PasswordHasher',
    'core.contrib.auth.hashers.BCryptSHA256PasswordHasher',
    'core.contrib.auth.hashers.ScryptPasswordHasher',
  ]),
  PASSWORD_HASHING_QUEUE: setting(
    'How many passwords may wait to be hashed in each process. Beyond that the response is 503. Not of Django.',
    integer('', 0),
    250,
  ),
  PASSWORD_RESET_TIMEOUT: setting('How long a password reset link is good, in seconds.', seconds, 259_200),
  LOGIN_URL: setting(
    'Where to send someone who must log in: a URL or the name of one.',
    nonEmptyString,
    '/accounts/login/',
  ),
  LOGIN_REDIRECT_URL: setting('Where to go after login.', nonEmptyString, '/accounts/profile/'),
  LOGIN_THROTTLE: setting(
    'Limits failed logins within PERIOD seconds: FAILURES for each user and address, ADDRESS_FAILURES for each address' +
      ' (null for no limit). Beyond that, logins are refused with 429 until the period ends. CACHE names the cache with' +
      ' the counts. A name that is left out has its default; null turns the throttle off. Not of Django.',
    nullable(loginThrottle),
    { FAILURES: 50, ADDRESS_FAILURES: 200, PERIOD: 900, CACHE: 'default' },
  ),
  LOGOUT_REDIRECT_URL: setting('Where to go after logout; null for the logged-out page.', nullableString, null),

  // Messages and signing
  MESSAGE_STORAGE: setting(
    'Dotted name of the storage of messages.',
    nonEmptyString,
    'core.contrib.messages.storage.fallback.FallbackStorage',
  ),
  MESSAGE_LEVEL: setting('Least level of a message that is kept.', integer('', 0), 20),
  MESSAGE_TAGS: setting('Tags by level, over the usual ones.', object, {}),
  SIGNING_BACKEND: setting(
    'Dotted name of the class that signs cookies: one that extends `TimestampSigner`.',
    nonEmptyString,
    'core.signing.TimestampSigner',
  ),
  SIGNED_COOKIE_LEGACY_SALT_FALLBACK: setting(
    'Also accepts signed cookies under the salt of earlier Django releases.',
    boolean,
    false,
  ),

  // Static files and media
  STATIC_URL: setting('URL in front of static files.', nullableString, null),
  STATIC_ROOT: setting('Folder that collectstatic fills.', nullableString, null),
  STATICFILES_DIRS: setting('Folders of static files beside those of the apps.', listOf(unchecked), []),
  STATICFILES_FINDERS: setting('Dotted names of the finders of static files.', listOf(string), [
    'core.contrib.staticfiles.finders.FileSystemFinder',
    'core.contrib.staticfiles.finders.AppDirectoriesFinder',
  ]),
  STORAGES: setting('Storages by alias.', object, {}),
  MEDIA_URL: setting('URL in front of uploaded files.', string, ''),
  MEDIA_ROOT: setting('Folder of uploaded files.', string, ''),

  // Mail
  EMAIL_BACKEND: setting(
    'Dotted name of the class that sends mail.',
    nonEmptyString,
    'core.mail.backends.smtp.EmailBackend',
  ),
  EMAIL_HOST: setting('Host of the SMTP server.', string, 'localhost'),
  EMAIL_PORT: setting('Port of the SMTP server.', integer('', 0), 25),
  EMAIL_HOST_USER: setting('User at the SMTP server.', string, ''),
  EMAIL_HOST_PASSWORD: secret('Password at the SMTP server.', string, ''),
  EMAIL_USE_TLS: setting('Uses STARTTLS.', boolean, false),
  EMAIL_USE_SSL: setting('Uses TLS from the first byte.', boolean, false),
  EMAIL_TIMEOUT: setting('How long to wait for the SMTP server, in seconds.', nullable(integer('seconds', 0)), null),
  EMAIL_FILE_PATH: setting('Folder of the file mail backend.', nullableString, null),
  EMAIL_SUBJECT_PREFIX: setting('Put in front of subjects of mail to admins.', string, '[Django] '),
  DEFAULT_FROM_EMAIL: setting('Sender of mail that names none.', string, 'webmaster@localhost'),
  SERVER_EMAIL: setting('Sender of error mail.', string, 'root@localhost'),
} as const satisfies Record<string, SettingDefinition<never> | SettingDefinition<unknown>>

export type SettingName = keyof typeof schema

type KnownSettings = { readonly [K in SettingName]: ValueOf<(typeof schema)[K]['format']> }
type OwnSettings = Readonly<Record<Uppercase<string>, unknown>>

/** What a settings.ts exports: any of the known settings, and any of the project's own in UPPER_CASE. */
export type Settings = Partial<KnownSettings> & OwnSettings

/** The settings as the running process sees them: every known one has a value. */
export type LoadedSettings = KnownSettings & OwnSettings
