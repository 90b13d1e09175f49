/** Settings are read-only, complete and checked; a test may override them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import {
  cachedFromSettings,
  loadedFromSettings,
  overrideSettings,
  schema,
  type SettingDefinition,
  settingNamed,
  settings,
  type Settings,
} from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { captureLogs } from '#core/utils'

/** The error message of an override with invalid values. */
async function complaint(overrides: Record<string, unknown>): Promise<string> {
  try {
    await overrideSettings(overrides as Settings, () => {})
  } catch (error) {
    expect(error).to.be.instanceOf(ImproperlyConfigured)
    return (error as Error).message
  }
  throw new Error('nothing was wrong')
}

describe('settings', () => {
  before(() => setup())

  it('have the values of settings.ts, and defaults for the rest', () => {
    expect(settings.ROOT_URLCONF).to.equal('apps.urls')
    expect(settings.SESSION_COOKIE_AGE).to.equal(1_209_600)
  })

  it('cannot be assigned, and neither can their contents', () => {
    expect(() => Object.assign(settings, { DEBUG: false })).to.throw(ImproperlyConfigured, 'overrideSettings()')
    expect(() => (settings.INSTALLED_APPS as string[]).push('x')).to.throw(TypeError)
    expect(() => Object.assign(settings.DATABASES, { other: {} })).to.throw(TypeError)
  })

  it('are found by a name that is only known at run time, or the closest is reported', () => {
    expect(settingNamed('DEBUG')).to.equal(settings.DEBUG)
    expect(() => settingNamed('DEBG')).to.throw(ImproperlyConfigured, "Did you mean 'DEBUG'?")
  })

  it('report all problems together: the setting, what was found, what is expected', async () => {
    const message = await complaint({ SESSION_COOKIE_AGE: 'two weeks', ALLOWED_HOSTS: 'example.com', DEBUG: 1 })
    expect(message).to.contain('3 settings are wrong')
    expect(message).to.contain('SESSION_COOKIE_AGE: expected a whole number of seconds, 0 or more, found "two weeks"')
    expect(message).to.contain('ALLOWED_HOSTS: expected a list, each entry a string, found "example.com"')
    expect(message).to.contain('DEBUG: expected true or false, found 1')
  })

  const wrong: Record<string, [Record<string, unknown>, string]> = {
    'a negative age': [{ SESSION_COOKIE_AGE: -1 }, 'found -1'],
    'an age with a fraction': [{ SESSION_COOKIE_AGE: 1.5 }, 'found 1.5'],
    'null where there must be a value': [{ SESSION_COOKIE_PATH: null }, 'found null'],
    undefined: [{ SESSION_COOKIE_PATH: undefined }, 'found undefined'],
    'a SameSite in the wrong case': [{ SESSION_COOKIE_SAMESITE: 'lax' }, "expected 'Lax' or 'Strict' or 'None'"],
    'a cookie name with a blank': [{ SESSION_COOKIE_NAME: 'my session' }, 'the name of a cookie'],
    'a middleware that is not a name': [{ MIDDLEWARE: ['a.b', 5] }, 'MIDDLEWARE: entry 1 should be a dotted name'],
    'a database without an engine': [{ DATABASES: { default: {} } }, "DATABASES: 'default': ENGINE is missing"],
    'an unknown cache option': [
      { CACHES: { default: { BACKEND: 'x', TIMOUT: 5 } } },
      "CACHES: 'default': TIMOUT is not known here",
    ],
    'an empty SECRET_KEY': [{ SECRET_KEY: '' }, 'SECRET_KEY: it must not be empty'],
    'a misspelled name': [{ SESSION_COOKIE_AG: 5 }, "There is no such setting. Did you mean 'SESSION_COOKIE_AGE'?"],
  }
  for (const [what, [overrides, expected]] of Object.entries(wrong)) {
    it(`refuse ${what}`, async () => {
      expect((await complaint(overrides)).toLowerCase()).to.contain(expected.toLowerCase())
    })
  }

  it('never print a secret', async () => {
    const secret = 'correct horse battery staple'
    const message = await complaint({
      SECRET_KEY: [secret],
      EMAIL_HOST_PASSWORD: { secret },
      DATABASES: { default: { ENGINE: 'x', PASSWORD: [secret] } },
      CACHES: { default: { BACKEND: 'x', LOCATION: { secret } } },
    })
    expect(message).to.contain('4 settings are wrong')
    expect(message).not.to.contain(secret)
  })

  const SECRET = 'correct horse battery staple'
  const secrets: Record<string, [Record<string, unknown>, string]> = {
    'a list in a list of keys': [
      { SECRET_KEY_FALLBACKS: ['a', [SECRET]] },
      'SECRET_KEY_FALLBACKS: entry 1 should be a string, found a list (not shown',
    ],
    'an object in a list of keys': [
      { SECRET_KEY_FALLBACKS: [{ key: SECRET }] },
      'entry 0 should be a string, found an object (not shown',
    ],
    'a number as a key': [{ SECRET_KEY: 20_480_512 }, 'found a number (not shown: it may be a secret)'],
    'a URL in the place of a database': [
      { DATABASES: { default: `postgres://u:${SECRET}@host/x` } },
      "'default': expected an object with ENGINE",
    ],
    'a list of databases': [{ DATABASES: [SECRET] }, 'found a list (not shown'],
    'a password that is a list': [
      { DATABASES: { default: { ENGINE: 'x', PASSWORD: [SECRET], PORT: true } } },
      'PORT: expected a port, as a number or a string, found true',
    ],
    'options of a cache': [
      { CACHES: { default: { BACKEND: 'x', OPTIONS: [{ username: SECRET }] } } },
      'OPTIONS: expected an object, any names and values, found a list (not shown',
    ],
    'the location of a cache': [
      { CACHES: { default: { BACKEND: 'x', LOCATION: [`redis://:${SECRET}@host`, 5] } } },
      'LOCATION: expected a string or a list of strings, found a list (not shown',
    ],
    'a secret name inside another setting': [
      { STORAGES: [{ OPTIONS: { access_token: SECRET, bucket: 'b' } }] },
      '"bucket":"b"',
    ],
    'a secret name at any depth': [
      { MIDDLEWARE: [{ a: [{ b: { apiKey: { value: SECRET } } }] }] },
      'MIDDLEWARE: entry 0 should be a dotted name',
    ],
    'a password in the URL of another setting': [
      { STATICFILES_DIRS: `https://u:${SECRET.replaceAll(' ', '?')}@host` },
      'https://u:********************@host',
    ],
    'what a class holds': [
      {
        ALLOWED_HOSTS: new (class Vault {
          readonly held = SECRET
        })(),
      },
      'found "<Vault>"',
    ],
  }
  for (const [what, [overrides, expected]] of Object.entries(secrets)) {
    it(`never print ${what}`, async () => {
      const message = await complaint(overrides)
      expect(message).to.contain(expected)
      for (const part of [...SECRET.split(' '), '20480512']) expect(message).not.to.contain(part)
    })
  }

  it('report every problem of an entry, too', async () => {
    const message = await complaint({
      CACHES: { a: { TIMEOUT: '5', VERSION: -1 }, 'b.c': { BACKEND: 'x', TIMOUT: 5 } },
    })
    expect(message).to.equal(
      "A setting is wrong:\n  CACHES: 'a': BACKEND is missing;" +
        ' TIMEOUT: expected a whole number of seconds, or null, found "5"; VERSION: expected a whole number, 0 or more, found -1;' +
        " 'b.c': TIMOUT is not known here. Did you mean 'TIMEOUT'?" +
        ' Known are BACKEND, LOCATION, TIMEOUT, KEY_PREFIX, VERSION, KEY_FUNCTION and OPTIONS',
    )
  })

  for (const name of ['constructor', '__proto__', 'toString', 'a.b']) {
    it(`refuse an entry with the name ${name}`, async () => {
      const entry = JSON.parse(`{"BACKEND": "x", "${name}": 1}`) as unknown
      expect(await complaint({ CACHES: { default: entry } })).to.contain(`${name} is not known here`)
    })
  }

  it('refuse an object that contains itself, in any place', async () => {
    const circular: Record<string, unknown> = { 'a.b': 1 }
    circular.self = circular
    const message = await complaint({ SESSION_COOKIE_AGE: circular, ALLOWED_HOSTS: [circular], CACHES: { circular } })
    expect(message).to.contain('SESSION_COOKIE_AGE: expected a whole number of seconds, 0 or more, found {')
    expect(message).to.contain('3 settings are wrong')
    await overrideSettings({ LOGGING: circular }, () => expect(settings.LOGGING).to.equal(circular))
  })

  it('have valid defaults, except for the key that each project must set', () => {
    const invalid = Object.entries<SettingDefinition<unknown>>(schema)
      .filter(([, { format, default: value }]) => !format.accepts(value))
      .map(([name]) => name)
    expect(invalid).to.deep.equal(['SECRET_KEY'])
  })

  it('may be defined by the project itself', async () => {
    await overrideSettings({ POLLS_PER_PAGE: 20, POLLS_BY_NAME: { 'a.b': 1 } }, () => {
      expect(settings.POLLS_PER_PAGE).to.equal(20)
      expect(settings.POLLS_BY_NAME).to.deep.equal({ 'a.b': 1 })
    })
    expect(settings.POLLS_PER_PAGE).to.equal(undefined)
  })

  it('replace dicts whole, as Django does', async () => {
    await overrideSettings({ CACHES: { 'dotted.name': { BACKEND: 'core.cache.backends.dummy.DummyCache' } } }, () => {
      expect(Object.keys(settings.CACHES)).to.deep.equal(['dotted.name'])
    })
  })

  it('keep functions and regular expressions as they are', async () => {
    const middleware = (): void => {}
    const exempt = /^health$/
    await overrideSettings({ MIDDLEWARE: [middleware], SECURE_REDIRECT_EXEMPT: [exempt] }, () => {
      expect(settings.MIDDLEWARE[0]).to.equal(middleware)
      expect(settings.SECURE_REDIRECT_EXEMPT[0]).to.equal(exempt)
    })
  })

  describe('overridden', () => {
    it('are restored when the function has ended, also after an error', async () => {
      const before = settings.SESSION_COOKIE_AGE
      expect(await overrideSettings({ SESSION_COOKIE_AGE: 5 }, () => settings.SESSION_COOKIE_AGE)).to.equal(5)
      expect(settings.SESSION_COOKIE_AGE).to.equal(before)
      const failing = overrideSettings({ SESSION_COOKIE_AGE: 5 }, () => Promise.reject(new Error('no')))
      expect(await failing.catch((error: Error) => error.message)).to.equal('no')
      expect(settings.SESSION_COOKIE_AGE).to.equal(before)
    })

    it('may be overridden again inside', async () => {
      await overrideSettings({ SESSION_COOKIE_AGE: 5, SESSION_COOKIE_NAME: 'a' }, async () => {
        await overrideSettings({ SESSION_COOKIE_AGE: 6 }, () => {
          expect([settings.SESSION_COOKIE_AGE, settings.SESSION_COOKIE_NAME]).to.deep.equal([6, 'a'])
        })
        expect(settings.SESSION_COOKIE_AGE).to.equal(5)
      })
    })

    it('build again what depends on them, and restore what was there before', async () => {
      let built = 0
      const disposed: number[] = []
      const thing = cachedFromSettings(
        () => {
          expect(settings.SESSION_COOKIE_AGE).to.be.above(0)
          return ++built
        },
        (value) => void disposed.push(value),
      )
      expect([thing(), thing()]).to.deep.equal([1, 1])
      await overrideSettings({ SESSION_COOKIE_NAME: 'unrelated' }, () => expect(thing()).to.equal(1))
      await overrideSettings({ SESSION_COOKIE_AGE: 5 }, () => expect([thing(), thing()]).to.deep.equal([2, 2]))
      expect(thing()).to.equal(1)
      expect(disposed).to.deep.equal([2])
      await thing.dispose()
      expect(disposed).to.deep.equal([2, 1])
    })

    it('load what has to be imported before the function runs', async () => {
      const thing = loadedFromSettings('SESSION_COOKIE_AGE', async () => settings.SESSION_COOKIE_AGE * 2)
      expect(() => thing()).to.throw(ImproperlyConfigured, 'What SESSION_COOKIE_AGE names is not loaded yet')
      await overrideSettings({ SESSION_COOKIE_AGE: 5 }, () => expect(thing()).to.equal(10))
    })
  })

  it('set levels of loggers by LOGGING', async () => {
    const { configureLogging } = await import('../../core/apps/index.ts')
    const { getLogger } = await import('#core/utils')
    const logged: string[] = []
    const release = captureLogs(({ logger, message }) => logged.push(`${logger}: ${message}`))
    configureLogging({ loggers: { 'test.quiet': { level: 'ERROR' }, 'test.quiet.loud': { level: 'DEBUG' } } })
    getLogger('test.quiet').warning('a')
    getLogger('test.quiet.sub').warning('b')
    getLogger('test.quiet').error('c')
    getLogger('test.quiet.loud').debug('d')
    release()
    expect(logged).to.deep.equal(['test.quiet: c', 'test.quiet.loud: d'])
    expect(() => configureLogging({ root: { level: 'LOUD' } })).to.throw(ImproperlyConfigured, 'LOGGING.root.level')
  })
})
