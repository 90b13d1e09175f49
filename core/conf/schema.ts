/** The schema: each setting with its documentation, its format and its default. */
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
/** 3,170 years: a longer age could end after the year 9999, the last one that a date can express. */
const MAX_AGE = 100_000_000_000

/** The age of a session or a cookie. */
const ageFrom = (min: number): Format<number> => {
  const format = integer('seconds', min)
  return defineFormat({
    ...format,
    accepts: (value): value is number => format.accepts(value) && value <= MAX_AGE,
    problemInside: (value) =>
      format.accepts(value) ? `should be ${MAX_AGE} seconds at most, found ${value}` : undefined,
  })
}

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

/** Django's settings, with Django's names, meaning and defaults. The documentation of a setting that Nuages adds says so. */
export const schema = {
  // The project
  DEBUG: setting(
    'Shows technical error pages, and allows an empty ALLOWED_HOSTS. Must be off in production.',
    boolean,
    false,
  ),
  SECRET_KEY: secret(
    'Signs sessions, cookies and tokens: 50 or more random characters. Outside DEBUG, the server does not start with a key that is public or can be guessed.',
    secretKey,
    '',
  ),
  SECRET_KEY_FALLBACKS: secret(
    'Previous values of SECRET_KEY. Signatures made with them are still accepted; new ones are made with SECRET_KEY. Each must meet the requirements of SECRET_KEY.',
    listOf(string),
    [],
  ),
  INSTALLED_APPS: setting(
    "The project's apps: dotted names of directories or of AppConfig classes.",
    listOf(nonEmptyString),
    [],
  ),
  MIDDLEWARE: setting(
    'The middleware chain, outermost first: dotted names of factories, names of npm packages, or Koa middleware functions.',
    listOf(middlewareEntry),
    [],
  ),
  ROOT_URLCONF: setting("Dotted name of the module with the project's urlpatterns.", nonEmptyString, 'apps.urls'),
  APPEND_SLASH: setting(
    'Redirects a URL that is not found to the same URL with a slash at its end, if that exists.',
    boolean,
    true,
  ),
  PREPEND_WWW: setting('Redirects to the host with `www.` prepended.', boolean, false),
  FORCE_SCRIPT_NAME: setting(
    'The path prefix of the whole site, prepended to every reversed URL.',
    nullableString,
    null,
  ),
  DISALLOWED_USER_AGENTS: setting('User agents whose requests get a 403 response.', listOf(regExp), []),
  DEFAULT_CHARSET: setting('Charset of responses that do not specify one.', nonEmptyString, 'utf-8'),
  SILENCED_SYSTEM_CHECKS: setting('IDs of system checks whose messages are not reported.', listOf(string), []),
  LOGGING: setting('Log levels by logger name: `{ loggers: { "django.request": { level: "ERROR" } } }`.', object, {}),
  ADMINS: setting(
    'Recipients of mail about errors: addresses, or pairs of a name and an address.',
    listOf(unchecked),
    [],
  ),
  MANAGERS: setting('Recipients of `mailManagers()`, in the format of ADMINS.', listOf(unchecked), []),
  WSGI_APPLICATION: setting('Accepted for compatibility with Django; not used.', nullableString, null),
  ASGI_APPLICATION: setting('Accepted for compatibility with Django; not used.', nullableString, null),

  // Hosts and proxies
  ALLOWED_HOSTS: setting(
    'Hosts that the site serves: exact names, `.domain` for a domain and its subdomains, or `*` for all.',
    listOf(string),
    [],
  ),
  USE_X_FORWARDED_HOST: setting(
    'Reads the host from X-Forwarded-Host. Safe only behind a proxy that sets it.',
    boolean,
    false,
  ),
  USE_X_FORWARDED_PORT: setting(
    'Reads the port from X-Forwarded-Port. Safe only behind a proxy that sets it.',
    boolean,
    false,
  ),
  SECURE_PROXY_SSL_HEADER: setting(
    'Header (spelled as in META) and value by which a proxy says that the client used HTTPS. Safe only behind a proxy that sets it.',
    nullable(listOf(string)),
    null,
  ),
  CLIENT_ADDRESS_HEADER: setting(
    "Header (spelled as in META) in which a proxy sends the client's address, such as HTTP_X_FORWARDED_FOR. Its last" +
      ' entry is used. Safe only behind a proxy that sets it. null uses the address of the connection. Not in Django.',
    nullable(nonEmptyString),
    null,
  ),

  // Uploads
  DATA_UPLOAD_MAX_MEMORY_SIZE: setting(
    'Maximum size of a request body without uploaded files, in bytes; null for no limit.',
    bytesOrNull,
    2_621_440,
  ),
  DATA_UPLOAD_MAX_NUMBER_FIELDS: setting('Maximum number of GET or POST fields; null for no limit.', countOrNull, 1000),
  DATA_UPLOAD_MAX_NUMBER_FILES: setting(
    'Maximum number of uploaded files in a request; null for no limit.',
    countOrNull,
    100,
  ),
  FILE_UPLOAD_MAX_MEMORY_SIZE: setting(
    'Uploaded files larger than this, in bytes, are written to a temporary file.',
    integer('bytes', 0),
    2_621_440,
  ),
  FILE_UPLOAD_TEMP_DIR: setting("Directory of temporary upload files; null for the system's.", nullableString, null),
  FILE_UPLOAD_PERMISSIONS: setting(
    'Mode of uploaded files and of collected static files; null for that of the system.',
    nullable(integer('', 0)),
    0o644,
  ),

  // Databases and caches
  DATABASES: secret(
    'Databases by alias; `default` is used unless another is named. ENGINE is core.db.backends.sqlite3, .postgresql or .mysql, or a module of the project.',
    dictOf(database),
    { default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'db.sqlite3' } },
  ),
  DATABASE_ROUTERS: setting('Accepted for compatibility with Django; not used.', listOf(string), []),
  DEFAULT_AUTO_FIELD: setting(
    'Type of automatic primary keys in tables of the framework: a BigAutoField, AutoField or SmallAutoField.',
    string,
    'core.db.models.BigAutoField',
  ),
  CACHES: secret('Caches by alias; `default` is used unless another is named.', dictOf(cacheEntry), {
    default: { BACKEND: 'core.cache.backends.locmem.LocMemCache' },
  }),
  CACHE_MIDDLEWARE_ALIAS: setting('Accepted for compatibility with Django; not used.', string, 'default'),
  CACHE_MIDDLEWARE_KEY_PREFIX: setting('Accepted for compatibility with Django; not used.', string, ''),
  CACHE_MIDDLEWARE_SECONDS: setting(
    'How long caches may keep a response after `patchResponseHeaders()`, in seconds.',
    seconds,
    600,
  ),

  // Templates
  TEMPLATES: setting(
    'Template engines, usually one with the BACKEND core.template.backends.django.DjangoTemplates.',
    listOf(templateEngine),
    [{ BACKEND: 'core.template.backends.django.DjangoTemplates', DIRS: [], APP_DIRS: true, OPTIONS: {} }],
  ),

  // Language and time
  LANGUAGE_CODE: setting('Language of the site.', nonEmptyString, 'en-us'),
  LANGUAGE_COOKIE_NAME: setting('Name of the cookie with the chosen language.', cookieName, 'django_language'),
  USE_I18N: setting('Accepted for compatibility with Django; not used.', boolean, true),
  USE_L10N: setting('Accepted for compatibility with Django; not used.', boolean, true),
  USE_TZ: setting(
    'Stores dates in UTC in databases without time zones. If off, in the local time of TIME_ZONE.',
    boolean,
    true,
  ),
  TIME_ZONE: setting('IANA name of the time zone of the site.', timeZone, 'America/Chicago'),

  // Sessions
  SESSION_ENGINE: setting(
    'Dotted name of the module whose class SessionStore stores the sessions.',
    nonEmptyString,
    'core.contrib.sessions.backends.db',
  ),
  SESSION_SERIALIZER: setting(
    'Dotted name of the class that serializes session data.',
    nonEmptyString,
    'core.contrib.sessions.serializers.JSONSerializer',
  ),
  SESSION_COOKIE_NAME: setting(
    'Name of the session cookie, and prefix of the names of session files.',
    cookieName,
    'sessionid',
  ),
  SESSION_COOKIE_AGE: setting('Lifetime of a session, in seconds.', ageFrom(0), 1_209_600),
  SESSION_COOKIE_DOMAIN: setting(
    'Domain of the session cookie; null for the host of the request only.',
    nullableString,
    null,
  ),
  SESSION_COOKIE_PATH: setting('Path of the session cookie.', nonEmptyString, '/'),
  SESSION_COOKIE_SECURE: setting('Restricts the session cookie to HTTPS.', boolean, false),
  SESSION_COOKIE_HTTPONLY: setting('Hides the session cookie from JavaScript.', boolean, true),
  SESSION_COOKIE_SAMESITE: setting(
    'SameSite attribute of the session cookie; null or false omits it.',
    sameSite,
    'Lax',
  ),
  SESSION_SAVE_EVERY_REQUEST: setting(
    'Saves the session and sends its cookie with every response, even if it was not changed.',
    boolean,
    false,
  ),
  SESSION_EXPIRE_AT_BROWSER_CLOSE: setting(
    'Sends the session cookie without an age, so that the browser deletes it when it is closed.',
    boolean,
    false,
  ),
  SESSION_FILE_PATH: setting(
    "Directory of the file engine; null for one with mode 0700 in the system's temporary directory. To share sessions with Django, use the directory that Django uses.",
    nullableString,
    null,
  ),
  SESSION_CACHE_ALIAS: setting('Alias of the cache for the cache and cached_db engines.', nonEmptyString, 'default'),
  SESSION_MAX_LIFETIME: setting(
    'Maximum lifetime of a session, in seconds, even if it is used continuously; null for no limit. Not in Django.',
    nullable(ageFrom(1)),
    null,
  ),
  SESSION_DEVICE_DESCRIPTION: setting(
    'Dotted name of a function of the request. It returns the description of the device, as shown in the list of devices of a user. Not in Django.',
    nullable(nonEmptyString),
    null,
  ),
  SESSION_STORE_TIMEOUT: setting(
    'Timeout of the session store, in seconds. After that, the response is 503. Not in Django.',
    number('seconds', 0.001),
    5,
  ),

  // CSRF
  CSRF_COOKIE_NAME: setting('Name of the CSRF cookie.', cookieName, 'csrftoken'),
  CSRF_COOKIE_AGE: setting(
    'Age of the CSRF cookie, in seconds; null for a cookie that the browser deletes when it is closed.',
    nullable(ageFrom(0)),
    31_449_600,
  ),
  CSRF_COOKIE_DOMAIN: setting(
    'Domain of the CSRF cookie; null for the host of the request only.',
    nullableString,
    null,
  ),
  CSRF_COOKIE_PATH: setting('Path of the CSRF cookie.', nonEmptyString, '/'),
  CSRF_COOKIE_SECURE: setting('Restricts the CSRF cookie to HTTPS.', boolean, false),
  CSRF_COOKIE_HTTPONLY: setting('Hides the CSRF cookie from JavaScript.', boolean, false),
  CSRF_COOKIE_SAMESITE: setting('SameSite attribute of the CSRF cookie; null or false omits it.', sameSite, 'Lax'),
  CSRF_HEADER_NAME: setting(
    'Request header that may contain the CSRF token, spelled as in META.',
    nonEmptyString,
    'HTTP_X_CSRFTOKEN',
  ),
  CSRF_TRUSTED_ORIGINS: setting('Origins, with their scheme, whose unsafe requests are accepted.', listOf(string), []),
  CSRF_USE_SESSIONS: setting('Stores the CSRF secret in the session instead of a cookie.', boolean, false),
  CSRF_FAILURE_VIEW: setting(
    'Dotted name of the view that responds to rejected requests.',
    nonEmptyString,
    'core.views.csrf.csrfFailure',
  ),

  // Security headers
  SECURE_SSL_REDIRECT: setting('Redirects HTTP to HTTPS.', boolean, false),
  SECURE_SSL_HOST: setting(
    'Host that SECURE_SSL_REDIRECT redirects to; null for the host of the request.',
    nullableString,
    null,
  ),
  SECURE_REDIRECT_EXEMPT: setting(
    'Paths that SECURE_SSL_REDIRECT does not redirect: regular expressions, matched against the path without its first slash.',
    listOf(regExp),
    [],
  ),
  SECURE_HSTS_SECONDS: setting(
    'max-age of the header Strict-Transport-Security, in seconds; 0 for no header.',
    seconds,
    0,
  ),
  SECURE_HSTS_INCLUDE_SUBDOMAINS: setting('Adds includeSubDomains to Strict-Transport-Security.', boolean, false),
  SECURE_HSTS_PRELOAD: setting('Adds preload to Strict-Transport-Security.', boolean, false),
  SECURE_CONTENT_TYPE_NOSNIFF: setting('Sends the header X-Content-Type-Options: nosniff.', boolean, true),
  SECURE_REFERRER_POLICY: setting(
    'The header Referrer-Policy; null for no header.',
    nullable(stringOrStrings),
    'same-origin',
  ),
  SECURE_CROSS_ORIGIN_OPENER_POLICY: setting(
    'The header Cross-Origin-Opener-Policy; null for no header.',
    nullableString,
    'same-origin',
  ),
  GZIP_BROTLI: setting(
    'Lets GZipMiddleware use Brotli instead of gzip if the client accepts it. Not in Django.',
    boolean,
    false,
  ),
  SECURE_CSP: setting('The header Content-Security-Policy, as an object of directives.', securityPolicy, {}),
  SECURE_CSP_REPORT_ONLY: setting(
    'The header Content-Security-Policy-Report-Only, as an object of directives.',
    securityPolicy,
    {},
  ),
  X_FRAME_OPTIONS: setting('The header X-Frame-Options.', nonEmptyString, 'DENY'),

  // Users
  AUTH_USER_MODEL: setting('The class of users, as `app_label.Model`.', nonEmptyString, 'auth.User'),
  AUTHENTICATION_BACKENDS: setting('Dotted names of the classes that authenticate users.', listOf(string), [
    'core.contrib.auth.backends.ModelBackend',
  ]),
  AUTH_PASSWORD_VALIDATORS: setting(
    'Validators of new passwords: objects with a NAME, which is a dotted name, and OPTIONS.',
    listOf(object),
    [],
  ),
  PASSWORD_HASHERS: setting('Dotted names of password hashers. The first one hashes new passwords.', listOf(string), [
    'core.contrib.auth.hashers.PBKDF2PasswordHasher',
    'core.contrib.auth.hashers.PBKDF2SHA1PasswordHasher',
    'core.contrib.auth.hashers.Argon2PasswordHasher',
    'core.contrib.auth.hashers.BCryptSHA256PasswordHasher',
    'core.contrib.auth.hashers.ScryptPasswordHasher',
  ]),
  PASSWORD_HASHING_QUEUE: setting(
    'Maximum number of passwords that wait to be hashed, for each process. Beyond that, the response is 503. Not in Django.',
    integer('', 0),
    250,
  ),
  PASSWORD_RESET_TIMEOUT: setting('How long a password reset link is valid, in seconds.', seconds, 259_200),
  LOGIN_URL: setting(
    'Where clients that must log in are redirected: a URL, or the name of a URL pattern.',
    nonEmptyString,
    '/accounts/login/',
  ),
  LOGIN_REDIRECT_URL: setting('Where clients are redirected after login.', nonEmptyString, '/accounts/profile/'),
  LOGIN_THROTTLE: setting(
    'Limits failed logins within PERIOD seconds: FAILURES for each user and address, ADDRESS_FAILURES for each address' +
      ' (null for no limit). Beyond that, the response to a login is 429 until the period ends. CACHE is the alias of the' +
      ' cache with the counts. Entries that are omitted have their defaults; null turns the throttle off. Not in Django.',
    nullable(loginThrottle),
    { FAILURES: 50, ADDRESS_FAILURES: 200, PERIOD: 900, CACHE: 'default' },
  ),
  LOGOUT_REDIRECT_URL: setting(
    'Where clients are redirected after logout; null for the logged-out page.',
    nullableString,
    null,
  ),

  // Messages and signing
  MESSAGE_STORAGE: setting(
    'Dotted name of the class that stores messages.',
    nonEmptyString,
    'core.contrib.messages.storage.fallback.FallbackStorage',
  ),
  MESSAGE_LEVEL: setting('Minimum level of messages that are stored.', integer('', 0), 20),
  MESSAGE_TAGS: setting('Tags of messages by level, in addition to the default ones.', object, {}),
  SIGNING_BACKEND: setting(
    'Dotted name of the class that signs cookies: a subclass of `TimestampSigner`.',
    nonEmptyString,
    'core.signing.TimestampSigner',
  ),
  SIGNED_COOKIE_LEGACY_SALT_FALLBACK: setting(
    'Also accepts cookies that were signed with the salt of earlier Django releases.',
    boolean,
    false,
  ),

  // Static files and media
  STATIC_URL: setting('URL prefix of static files.', nullableString, null),
  STATIC_ROOT: setting('Directory that collectstatic writes to.', nullableString, null),
  STATICFILES_DIRS: setting(
    'Directories of static files in addition to those of the apps: paths, or pairs of a prefix and a path.',
    listOf(unchecked),
    [],
  ),
  STATICFILES_FINDERS: setting('Dotted names of the classes that find static files.', listOf(string), [
    'core.contrib.staticfiles.finders.FileSystemFinder',
    'core.contrib.staticfiles.finders.AppDirectoriesFinder',
  ]),
  STORAGES: setting('File storages by alias. `staticfiles` stores the static files.', object, {}),
  MEDIA_URL: setting('URL prefix of uploaded files.', string, ''),
  MEDIA_ROOT: setting('Directory of uploaded files.', string, ''),

  // Mail
  EMAIL_BACKEND: setting(
    'Dotted name of the class that sends mail.',
    nonEmptyString,
    'core.mail.backends.smtp.EmailBackend',
  ),
  EMAIL_HOST: setting('Host of the SMTP server.', string, 'localhost'),
  EMAIL_PORT: setting('Port of the SMTP server.', integer('', 0), 25),
  EMAIL_HOST_USER: setting('User name for the SMTP server; empty for no authentication.', string, ''),
  EMAIL_HOST_PASSWORD: secret('Password for the SMTP server.', string, ''),
  EMAIL_USE_TLS: setting('Uses STARTTLS with the SMTP server.', boolean, false),
  EMAIL_USE_SSL: setting('Uses implicit TLS with the SMTP server.', boolean, false),
  EMAIL_TIMEOUT: setting(
    'Timeout of the SMTP server, in seconds; null for that of the mail library.',
    nullable(integer('seconds', 0)),
    null,
  ),
  EMAIL_FILE_PATH: setting('Directory of the file mail backend.', nullableString, null),
  EMAIL_SUBJECT_PREFIX: setting('Prefix of the subjects of mail to ADMINS and MANAGERS.', string, '[Django] '),
  DEFAULT_FROM_EMAIL: setting('Sender of mail that does not specify one.', string, 'webmaster@localhost'),
  SERVER_EMAIL: setting('Sender of mail to ADMINS and MANAGERS.', string, 'root@localhost'),
} as const satisfies Record<string, SettingDefinition<never> | SettingDefinition<unknown>>

export type SettingName = keyof typeof schema

type KnownSettings = { readonly [K in SettingName]: ValueOf<(typeof schema)[K]['format']> }
type OwnSettings = Readonly<Record<Uppercase<string>, unknown>>

/** What a settings module exports: known settings, and settings of the project, in UPPER_CASE. */
export type Settings = Partial<KnownSettings> & OwnSettings

/** The loaded settings: each known one has a value. */
export type LoadedSettings = KnownSettings & OwnSettings
