/**
 * Django's deployment checks of hosts, https, headers and keys (security.W001 to W025, E023, E024), E110, and checks of
 * Content-Security-Policy.
 */
import { type CheckMessage, Error, Warning } from '#core/checks'
import { LEAST_VARIETY, NEW_KEY, secretKeyProblems, settings } from '#core/conf'
import { canonicalName, formatValue } from '#core/utils'
import { CSP, cspValues } from '#core/web'
import { referrerPolicies } from '../security.ts'
import { FRAMES, isUsed, SECURITY } from './order.ts'

interface Rule {
  readonly id: string
  /** The setting, or its entry, that must be changed. */
  readonly where: string
  readonly isBroken: () => boolean
  readonly says: string
  readonly hint: string
}

const REFERRER_POLICIES: ReadonlySet<string> = new Set([
  'no-referrer',
  'no-referrer-when-downgrade',
  'origin',
  'origin-when-cross-origin',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
])
const OPENER_POLICIES: ReadonlySet<string> = new Set(['same-origin', 'same-origin-allow-popups', 'unsafe-none'])

const withSecurity = (isBroken: () => boolean) => (): boolean => isUsed(SECURITY) && isBroken()
const withHsts = (isBroken: () => boolean): (() => boolean) =>
  withSecurity(() => settings.SECURE_HSTS_SECONDS > 0 && isBroken())

/** Ordered by id. The messages follow Django's. */
const RULES: readonly Rule[] = [
  {
    id: 'W001',
    where: 'MIDDLEWARE',
    isBroken: () => !isUsed(SECURITY),
    says:
      `You do not have '${SECURITY}' in your MIDDLEWARE so the SECURE_HSTS_SECONDS, SECURE_CONTENT_TYPE_NOSNIFF,` +
      ' SECURE_REFERRER_POLICY, SECURE_CROSS_ORIGIN_OPENER_POLICY, and SECURE_SSL_REDIRECT settings will have no effect.',
    hint: `Put '${SECURITY}' at the beginning of MIDDLEWARE.`,
  },
  {
    id: 'W002',
    where: 'MIDDLEWARE',
    isBroken: () => !isUsed(FRAMES),
    says:
      `You do not have '${FRAMES}' in your MIDDLEWARE, so your pages will not be served with an 'x-frame-options'` +
      ' header. Unless there is a good reason for your site to be served in a frame, you should consider enabling this' +
      ' header to help prevent clickjacking attacks.',
    hint: `Put '${FRAMES}' into MIDDLEWARE.`,
  },
  {
    id: 'W004',
    where: 'SECURE_HSTS_SECONDS',
    isBroken: withSecurity(() => settings.SECURE_HSTS_SECONDS === 0),
    says:
      'You have not set a value for the SECURE_HSTS_SECONDS setting. If your entire site is served only over SSL, you' +
      ' may want to consider setting a value and enabling HTTP Strict Transport Security. Be sure to read the' +
      ' documentation first; enabling HSTS carelessly can cause serious, irreversible problems.',
    hint: 'SECURE_HSTS_SECONDS: 3600 to begin with, and 31_536_000 (a year) once all is well.',
  },
  {
    id: 'W005',
    where: 'SECURE_HSTS_INCLUDE_SUBDOMAINS',
    isBroken: withHsts(() => !settings.SECURE_HSTS_INCLUDE_SUBDOMAINS),
    says:
      'You have not set the SECURE_HSTS_INCLUDE_SUBDOMAINS setting to true. Without this, your site is potentially' +
      ' vulnerable to attack via an insecure connection to a subdomain. Only set this to true if you are certain that' +
      ' all subdomains of your domain should be served exclusively via SSL.',
    hint: 'SECURE_HSTS_INCLUDE_SUBDOMAINS: true',
  },
  {
    id: 'W006',
    where: 'SECURE_CONTENT_TYPE_NOSNIFF',
    isBroken: withSecurity(() => !settings.SECURE_CONTENT_TYPE_NOSNIFF),
    says:
      'Your SECURE_CONTENT_TYPE_NOSNIFF setting is not set to true, so your pages will not be served with an' +
      " 'X-Content-Type-Options: nosniff' header. You should consider enabling this header to prevent the browser from" +
      ' identifying content types incorrectly.',
    hint: 'SECURE_CONTENT_TYPE_NOSNIFF: true',
  },
  {
    id: 'W008',
    where: 'SECURE_SSL_REDIRECT',
    isBroken: withSecurity(() => !settings.SECURE_SSL_REDIRECT),
    says:
      'Your SECURE_SSL_REDIRECT setting is not set to true. Unless your site should be available over both SSL and' +
      ' non-SSL connections, you may want to either set this setting true or configure a load balancer or' +
      ' reverse-proxy server to redirect all connections to HTTPS.',
    hint: 'SECURE_SSL_REDIRECT: true',
  },
  {
    id: 'W018',
    where: 'DEBUG',
    isBroken: () => settings.DEBUG,
    says: 'You should not have DEBUG set to true in deployment.',
    hint: 'DEBUG: false, or NUAGES_DEBUG=false in the environment.',
  },
  {
    id: 'W019',
    where: 'X_FRAME_OPTIONS',
    isBroken: () => isUsed(FRAMES) && settings.X_FRAME_OPTIONS !== 'DENY',
    says:
      `You have '${FRAMES}' in your MIDDLEWARE, but X_FRAME_OPTIONS is not set to 'DENY'. Unless there is a good reason` +
      " for your site to serve other parts of itself in a frame, you should change it to 'DENY'.",
    hint: "X_FRAME_OPTIONS: 'DENY', and xframeOptionsSameorigin around the views that are shown in a frame.",
  },
  {
    id: 'W020',
    where: 'ALLOWED_HOSTS',
    isBroken: () => settings.ALLOWED_HOSTS.length === 0,
    says: 'ALLOWED_HOSTS must not be empty in deployment.',
    hint: "ALLOWED_HOSTS: ['www.example.com'], with the names of your site.",
  },
  {
    id: 'W021',
    where: 'SECURE_HSTS_PRELOAD',
    isBroken: withHsts(() => !settings.SECURE_HSTS_PRELOAD),
    says:
      'You have not set the SECURE_HSTS_PRELOAD setting to true. Without this, your site cannot be submitted to the' +
      ' browser preload list.',
    hint: 'SECURE_HSTS_PRELOAD: true, or this id in SILENCED_SYSTEM_CHECKS if the site is not to be on that list.',
  },
  {
    id: 'W022',
    where: 'SECURE_REFERRER_POLICY',
    isBroken: withSecurity(() => settings.SECURE_REFERRER_POLICY === null),
    says:
      'You have not set the SECURE_REFERRER_POLICY setting. Without this, your site will not send a Referrer-Policy' +
      ' header. You should consider enabling this header to protect user privacy.',
    hint: "SECURE_REFERRER_POLICY: 'same-origin'",
  },
  {
    id: 'E023',
    where: 'SECURE_REFERRER_POLICY',
    isBroken: withSecurity(() => referrerPolicies().some((policy) => !REFERRER_POLICIES.has(policy))),
    says: 'You have set the SECURE_REFERRER_POLICY setting to an invalid value.',
    hint: `Valid values are: ${[...REFERRER_POLICIES].join(', ')}.`,
  },
  {
    id: 'E024',
    where: 'SECURE_CROSS_ORIGIN_OPENER_POLICY',
    isBroken: withSecurity(() => {
      const policy = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
      return policy !== null && !OPENER_POLICIES.has(policy)
    }),
    says: 'You have set the SECURE_CROSS_ORIGIN_OPENER_POLICY setting to an invalid value.',
    hint: `Valid values are: ${[...OPENER_POLICIES].join(', ')}.`,
  },
]

export function checkSecurity(): CheckMessage[] {
  return RULES.filter(({ isBroken }) => isBroken()).map(({ id, where, says, hint }) => {
    const Level = id.startsWith('E') ? Error : Warning
    return new Level(says, { id: `security.${id}`, obj: where, hint })
  })
}

const LEAST_LENGTH = 50

const isWeak = (key: string): boolean =>
  key.length < LEAST_LENGTH || new Set(key).size < LEAST_VARIETY || key.startsWith('django-insecure-')

function weakKey(key: string, id: string, where: string, hint: string): CheckMessage[] {
  if (!isWeak(key)) return []
  const message =
    `Your ${where} has less than ${LEAST_LENGTH} characters, less than ${LEAST_VARIETY} unique characters, or it's` +
    " prefixed with 'django-insecure-' indicating that it was generated automatically. Please generate a long and" +
    ` random value, otherwise many of the framework's security-critical features will be vulnerable to attack.`
  return [new Warning(message, { id, obj: where, hint })]
}

/** security.W009 and W025: weak secret keys. */
export function checkSecretKeys(): CheckMessage[] {
  const ofKey = weakKey(
    settings.SECRET_KEY,
    'security.W009',
    'SECRET_KEY',
    `NUAGES_SECRET_KEY in the environment, with what this prints: ${NEW_KEY}`,
  )
  const ofFallbacks = settings.SECRET_KEY_FALLBACKS.flatMap((key, i) => {
    const where = `SECRET_KEY_FALLBACKS[${i}]`
    return weakKey(key, 'security.W025', where, `Take ${where} out: what it has signed is then no longer good.`)
  })
  return [...ofKey, ...ofFallbacks]
}

/** security.E110: secret keys that keep the server from starting. */
export function checkServingKeys(): CheckMessage[] {
  return secretKeyProblems().map(
    ({ where, message, remedy }) => new Error(message, { id: 'security.E110', obj: where, hint: remedy }),
  )
}

// Checks of ALLOWED_HOSTS and of the proxy header.

/** hosts.W001: entries of ALLOWED_HOSTS that never match. */
export function checkAllowedHosts(): CheckMessage[] {
  return settings.ALLOWED_HOSTS.flatMap((host, i) => {
    const bare = host.replace(/^[a-z]+:\/\//i, '').split(/[/?#]/)[0] as string
    const named = bare.startsWith('[') ? bare.replace(/\]:\d+$/, ']') : bare.replace(/:\d+$/, '')
    const wanted = named.startsWith('*.') ? named.slice(1) : named
    if (wanted === host) return []
    const message = `No request will ever match '${host}' in ALLOWED_HOSTS: an entry has neither scheme nor port nor path, and '.example.com' stands for all below it.`
    return [new Warning(message, { id: 'hosts.W001', obj: `ALLOWED_HOSTS[${i}]`, hint: `Write '${wanted}' there.` })]
  })
}

/** hosts.E002 and W003: SECURE_PROXY_SSL_HEADER is not a pair, or treats http as https. */
export function checkProxyHeader(): CheckMessage[] {
  const pair = settings.SECURE_PROXY_SSL_HEADER
  if (pair === null) return []
  const obj = 'SECURE_PROXY_SSL_HEADER'
  const hint = "SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https']"
  if (pair.length !== 2) {
    return [
      new Error(`${obj} should be a header's name and the value that means https.`, { id: 'hosts.E002', obj, hint }),
    ]
  }
  if (pair[1]?.toLowerCase() !== 'http') return []
  const message = `${obj} takes '${pair[1]}' for a sign of https, so that what came over http counts as secure.`
  return [new Warning(message, { id: 'hosts.W003', obj, hint })]
}

const NAMES = ['SECURE_CSP', 'SECURE_CSP_REPORT_ONLY'] as const
const PROCESSOR = 'core.template.context_processors.csp'

const isText = (value: unknown): boolean => typeof value === 'string' && !/[;,\n\r]/.test(value)

function canBeSent(value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return true
  const isList = Array.isArray(value) || value instanceof Set
  return isList ? [...(value as Iterable<unknown>)].every(isText) : isText(value)
}

/** security.E026: invalid directives. That each setting is an object is checked when the settings are loaded. */
export function checkCspDirectives(): CheckMessage[] {
  return NAMES.flatMap((name) =>
    Object.entries(settings[name])
      .filter(([, value]) => !canBeSent(value))
      .map(([directive, value]) => {
        const found = value instanceof Set ? 'a Set with something else in it' : formatValue(value)
        const message = `The Content Security Policy setting '${name}' has for '${directive}' what cannot be sent: ${found}.`
        const hint =
          "Give a list of texts, one for each source: ['self' in its quotes, 'https://cdn.example.com']; or true, or null."
        return new Error(message, { id: 'security.E026', obj: `${name}['${directive}']`, hint })
      }),
  )
}

const hasNonce = (name: (typeof NAMES)[number]): boolean =>
  Object.values(settings[name]).some((value) => canBeSent(value) && cspValues(value).includes(CSP.NONCE))

function hasProcessor({ OPTIONS }: (typeof settings.TEMPLATES)[number]): boolean {
  const processors = OPTIONS?.context_processors
  return (
    Array.isArray(processors) &&
    processors.some((each) => typeof each === 'string' && canonicalName(each) === PROCESSOR)
  )
}

/** security.W027: CSP.NONCE is used, but templates cannot access the nonce. */
export function checkCspNonce(): CheckMessage[] {
  const name = NAMES.find(hasNonce)
  if (name === undefined || settings.TEMPLATES.some(hasProcessor)) return []
  const message = `${name} uses CSP.NONCE, but no template engine has the context processor '${PROCESSOR}', so that templates cannot use csp_nonce.`
  const hint = `Put '${PROCESSOR}' into TEMPLATES[0].OPTIONS.context_processors.`
  return [new Warning(message, { id: 'security.W027', obj: 'TEMPLATES', hint })]
}
