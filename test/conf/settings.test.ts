/** Settings are read-only, complete and checked; a test may override them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import {
  cachedFromSettings,
  loadedFromSettings,
  overrideSettings,
  settingNamed,
  settings,
  type Settings,
} from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { captureLogs } from '#core/utils'

/** The message of the error that an override with wrong values gives. */
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

  it('cannot be assigned, and neither can what is inside', () => {
    expect(() => Object.assign(settings, { DEBUG: false })).to.throw(ImproperlyConfigured, 'overrideSettings()')
    expect(() => (settings.INSTALLED_APPS as string[]).push('x')).to.throw(TypeError)
    expect(() => Object.assign(settings.DATABASES, { other: {} })).to.throw(TypeError)
  })

  it('are found by a name that is only known at run time, or the nearest is told', () => {
    expect(settingNamed('DEBUG')).to.equal(settings.DEBUG)
    expect(() => settingNamed('DEBG')).to.throw(ImproperlyConfigured, "Did you mean 'DEBUG'?")
  })

  it('report every problem at once: the setting, what was found, what is expected', async () => {
    const message = await complaint({ SESSION_COOKIE_AGE: 'two weeks', ALLOWED_HOSTS: 'example.com', DEBUG: 1 })
    expect(message).to.contain('3 settings are wrong')
    expect(message).to.contain('SESSION_COOKIE_AGE: expected a whole number of seconds, 0 or more, found "two weeks"')
    expect(message).to.contain('ALLOWED_HOSTS: expected a list, each entry a text, found "example.com"')
    expect(message).to.contain('DEBUG: expected true or false, found 1')
  })

  const wrong: Record<string, [Record<string, unknown>, string]> = {
    'a negative age': [{ SESSION_COOKIE_AGE: -1 }, 'found -1'],
    'an age with a fraction': [{ SESSION_COOKIE_AGE: 1.5 }, 'found 1.5'],
    'null where there must be a value': [{ SESSION_COOKIE_PATH: null }, 'found null'],
    undefined: [{ SESSION_COOKIE_PATH: undefined }, 'found undefined'],
    'a SameSite in the wrong case': [{ SESSION_COOKIE_SAMESITE: 'lax' }, "expected 'Lax' or 'Strict' or 'None'"],
    'a cookie name with a blank': [{ SESSION_COOKIE_NAME: 'my session' }, 'the name of a cookie'],
    'a middleware that is no name': [{ MIDDLEWARE: ['a.b', 5] }, 'MIDDLEWARE: entry 1 should be a dotted name'],
    'a database without an engine': [{ DATABASES: { default: {} } }, "DATABASES: 'default': ENGINE is missing"],
    'a cache option that is none': [
      { CACHES: { default: { BACKEND: 'x', TIMOUT: 5 } } },
      "CACHES: 'default': TIMOUT is not known here",
    ],
    'an empty SECRET_KEY': [{ SECRET_KEY: '' }, 'SECRET_KEY: it must not be empty'],
    'a name with a slip': [{ SESSION_COOKIE_AG: 5 }, "There is no such setting. Did you mean 'SESSION_COOKIE_AGE'?"],
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

  it('may be of the project itself', async () => {
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
    it('come back when the function has ended, however it ended', async () => {
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

    it('build anew what depends on them, and give back what was there before', async () => {
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

    it('prepare what takes an import before the function runs', async () => {
      const thing = loadedFromSettings('SESSION_COOKIE_AGE', async () => settings.SESSION_COOKIE_AGE * 2)
      expect(() => thing()).to.throw(ImproperlyConfigured, 'What SESSION_COOKIE_AGE names is not loaded yet')
      await overrideSettings({ SESSION_COOKIE_AGE: 5 }, () => expect(thing()).to.equal(10))
    })
  })

  it('set levels of loggers by LOGGING', async () => {
    const { configureLogging } = await import('../../core/apps/logging.ts')
    const { getLogger } = await import('#core/utils')
    const heard: string[] = []
    const release = captureLogs(({ logger, message }) => heard.push(`${logger}: ${message}`))
    configureLogging({ loggers: { 'test.quiet': { level: 'ERROR' }, 'test.quiet.loud': { level: 'DEBUG' } } })
    getLogger('test.quiet').warning('a')
    getLogger('test.quiet.sub').warning('b')
    getLogger('test.quiet').error('c')
    getLogger('test.quiet.loud').debug('d')
    release()
    expect(heard).to.deep.equal(['test.quiet: c', 'test.quiet.loud: d'])
    expect(() => configureLogging({ root: { level: 'LOUD' } })).to.throw(ImproperlyConfigured, 'LOGGING.root.level')
  })
})
