/** Settings: any value of any setting loads, or is refused by name and without showing a secret. */
import * as fc from 'fast-check'
import { ImproperlyConfigured } from '#core/exceptions'
import { cacheFromUrl, databaseFromUrl, schema, type SettingName } from '#core/conf'
import { completeSettings, withEnvironment } from '../../../../core/conf/loader.ts'
import { maskQuery, maskSetting, maskSource } from '../../../../core/views/debug/mask.ts'
import { type AnyDomain, domain, ensure } from '../domain.ts'
import { SECRET_KEY } from '../active_settings.ts'
import { hostile, NASTY, shortOf } from '../strings.ts'

const NAMES = Object.keys(schema) as SettingName[]

/** Part of every secret: no message may contain it. */
const SECRET = 'hunter2-7fq'

/** @throws unless the error is the documented one, names the setting and shows no secret */
function judge(name: string, load: () => unknown): void {
  try {
    load()
  } catch (error) {
    if (!(error instanceof ImproperlyConfigured)) throw error
    ensure(error.message.includes(name), `the message does not name ${name}: ${error.message}`)
    ensure(!error.message.includes(SECRET), `the message shows a secret: ${error.message}`)
  }
}

const isSecret = (name: SettingName): boolean => 'secret' in schema[name]

const plain = fc.oneof(
  {
    arbitrary: fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      false,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -0,
      -1,
      0,
      1,
      2 ** 53,
      1.5,
    ),
    weight: 4,
  },
  {
    arbitrary: fc.constantFrom<unknown>(
      ...NASTY,
      'core.cache.backends.locmem.LocMemCache',
      'Lax',
      'UTC',
      'django.contrib.auth',
    ),
    weight: 4,
  },
  { arbitrary: fc.integer(), weight: 1 },
  {
    arbitrary: fc.constantFrom<unknown>(10n, Symbol('s'), () => 1, /x/, new Date(Number.NaN), new Map(), new Set([1])),
    weight: 1,
  },
)

/** A list or object that contains itself. */
const cyclic = fc.constantFrom('list', 'object').map((kind): unknown => {
  if (kind === 'list') {
    const list: unknown[] = []
    list.push(list)
    return list
  }
  const object: Record<string, unknown> = {}
  object.OPTIONS = object
  return object
})

const KEYS = [
  'default',
  'ENGINE',
  'BACKEND',
  'NAME',
  'PASSWORD',
  'LOCATION',
  'OPTIONS',
  'TIMEOUT',
  'PORT',
  'DIRS',
  'loggers',
  '__proto__',
  'constructor',
  'a b',
]

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { arbitrary: plain, weight: 6 },
    { arbitrary: fc.array(tie('value'), { maxLength: 3 }), weight: 2 },
    {
      arbitrary: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 3, noNullPrototype: true }),
      weight: 3,
    },
    { arbitrary: cyclic, weight: 1 },
  ),
}))

/** A value in which every string is a secret. */
function secretly(given: unknown, depth = 0): unknown {
  if (typeof given === 'string') return SECRET + given
  if (depth > 4 || typeof given !== 'object' || given === null) return given
  if (Array.isArray(given)) return given.map((each) => secretly(each, depth + 1))
  if (Object.getPrototypeOf(given) !== Object.prototype) return given
  return Object.fromEntries(
    Object.entries(given).map(([key, each]) => [key, /PASSWORD|LOCATION/.test(key) ? secretly(each, depth + 1) : each]),
  )
}

interface Variable {
  readonly name: SettingName
  readonly text: string
}

const URL_WORDS = [
  'postgres://',
  'mysql://',
  'sqlite:///',
  'redis://',
  'memcached://',
  'locmem://',
  'file:///',
  'user:',
  '@',
  'host',
  ':5432',
  '/',
  'name',
  '?',
  'a=b',
  '%',
  '%zz',
  '[',
  ']',
  ',',
]

export const settingsDomains: readonly AnyDomain[] = [
  domain<{ readonly name: SettingName; readonly value: unknown }>({
    name: 'settings',
    kind: 'in process',
    inputs: { short: 300, long: 60_000 },
    arbitrary: fc.record({ name: fc.constantFrom(...NAMES), value }),
    check({ name, value }) {
      judge(name, () => completeSettings({ SECRET_KEY, [name]: isSecret(name) ? secretly(value) : value }))
    },
    fixedMs: 20,
  }),
  domain<Variable>({
    name: 'environment',
    kind: 'in process',
    inputs: { short: 200, long: 30_000 },
    arbitrary: fc.record({ name: fc.constantFrom(...NAMES), text: hostile({ longest: 5000 }) }),
    check({ name, text }) {
      const variable = `NUAGES_${name}`
      const given = isSecret(name) ? SECRET + text : text
      judge(name, () => withEnvironment(name === 'SECRET_KEY' ? {} : { SECRET_KEY }, { [variable]: given }))
    },
    fixedMs: 20,
  }),
  domain<string>({
    name: 'service-urls',
    kind: 'in process',
    inputs: { short: 1000, long: 300_000 },
    arbitrary: fc.oneof(shortOf(URL_WORDS, 10), hostile({ words: URL_WORDS, longest: 20_000 })),
    check(text) {
      const url = text.replace('user:', `user:${SECRET}`)
      judge('DATABASE_URL', () => databaseFromUrl(url))
      judge('CACHE_URL', () => cacheFromUrl(url))
    },
  }),
  domain<string>({
    name: 'masks',
    kind: 'in process',
    inputs: { short: 1000, long: 300_000 },
    arbitrary: hostile({
      words: [
        "PASSWORD = '",
        "password: '",
        'token',
        '"',
        "'",
        '`',
        '\\',
        '=',
        ':',
        'http://u:',
        'pw@h',
        '?key=',
        '&',
        '%',
        ' ',
      ],
    }),
    check(text) {
      for (const masked of [maskSource(text), maskQuery(text), String(maskSetting('X', text))]) {
        ensure(typeof masked === 'string', 'no string')
      }
      const quoted = maskSource(`PASSWORD = '${SECRET}'; ${text.replaceAll(/['"`\\]/g, '')}`)
      ensure(!quoted.includes(SECRET), 'a literal with a secret name is shown')
    },
  }),
]
