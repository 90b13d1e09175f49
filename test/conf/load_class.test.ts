/** Classes named in settings are loaded and checked in one way, with an error that says what to change. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import {
  classWith,
  functionOf,
  type InstanceRequirement,
  loadFromPackage,
  loadInstance,
  loadNamed,
  overrideSettings,
  type Settings,
  subclassOf,
  toInstance,
  UnsuitableValue,
} from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((each: unknown) => each)
  expect(error).to.be.instanceOf(ImproperlyConfigured)
  return (error as Error).message
}

/** A name in the fixtures of this test. */
const named = (name: string): string => `test.conf.fixtures.named.${name}`
const EXPORTS =
  'test/conf/fixtures/named.ts exports: Complete, Fields, Incomplete, Other, password, plain, settings and version.'

interface Storage {
  retrieve(): unknown
  store(): unknown
}

const STORAGE = classWith<new () => Storage>('retrieve', 'store')
const INSTANCE: InstanceRequirement<Storage> = {
  expected: 'a class of storages',
  accepts: ({ retrieve, store }) => typeof retrieve === 'function' && typeof store === 'function',
}

describe('a class named in a setting', () => {
  before(() => setup())

  it('has certain methods, its own or inherited', async () => {
    for (const name of ['Complete', 'Other']) {
      const Class = await loadNamed("THINGS['a'].BACKEND", named(name), STORAGE)
      expect(new Class().store()).to.equal('stored')
    }
  })

  it('or causes an error with the setting, the name, what is expected and found, and the exports', async () => {
    const load = loadNamed("THINGS['a'].BACKEND", named('Incomplete'), STORAGE)
    expect(await complaint(load)).to.equal(
      `THINGS['a'].BACKEND names '${named('Incomplete')}', which should be a class with retrieve() and store(),` +
        ` found the class Incomplete without store(). ${EXPORTS} Did you mean 'Complete'?`,
    )
    expect(await load.catch((error: unknown) => error)).to.be.instanceOf(UnsuitableValue)
  })

  it('is suggested only if it is suitable', async () => {
    expect(await complaint(loadNamed('THING', named('version'), functionOf('a function of (request)')))).to.equal(
      `THING names '${named('version')}', which should be a function of (request), found 5. ${EXPORTS} Did you mean 'plain'?`,
    )
    expect(await complaint(loadNamed('THING', named('Complete'), functionOf('a function')))).to.contain(
      'should be a function, found the class Complete.',
    )
    expect(await complaint(loadNamed('THING', named('Complete'), subclassOf(Map)))).to.equal(
      `THING names '${named('Complete')}', which should be a subclass of Map, found the class Complete. ${EXPORTS}`,
    )
  })

  it('is distinguished from a name that does not exist', async () => {
    const load = loadNamed('THING', named('Complet'), STORAGE)
    expect(await complaint(load)).to.equal(
      `THING names '${named('Complet')}', but test/conf/fixtures/named.ts exports no 'Complet'.` +
        ` It exports: ${EXPORTS.split(': ')[1]} Did you mean 'Complete'?`,
    )
    expect(await load.catch((error: unknown) => error)).not.to.be.instanceOf(UnsuitableValue)
    expect(await complaint(loadNamed('THING', 'test.conf.fixtures.name.X', STORAGE))).to.contain(
      "THING names 'test.conf.fixtures.name', but there is no test/conf/fixtures/name.ts. test/conf/fixtures/ holds: named.",
    )
  })

  it('has to be a dotted name', async () => {
    for (const [value, found] of [
      [5, '5'],
      ['', '""'],
      [null, 'null'],
      [undefined, 'undefined'],
      [{ apiKey: 'hunter2' }, '{"apiKey":"********************"}'],
    ] as const) {
      expect(await complaint(loadNamed('THING', value, STORAGE))).to.equal(
        `THING should be the dotted name of a class with retrieve() and store(), found ${found}.`,
      )
    }
    expect(await complaint(loadNamed('THING', '../x', STORAGE))).to.equal(
      "THING is '../x', which is not a dotted name of something in a module.",
    )
  })

  it('may be a module with a certain export', async () => {
    const options = { exportName: 'Complete' }
    expect(await loadNamed('THING', 'test.conf.fixtures.named', STORAGE, options)).to.have.property('name', 'Complete')
    const wrong = loadNamed('THING', 'test.conf.fixtures.named', STORAGE, { exportName: 'backend' })
    expect(await complaint(wrong)).to.equal(
      "THING names 'test.conf.fixtures.named', whose export `backend` should be a class with retrieve() and store()," +
        ` found undefined. ${EXPORTS}`,
    )
  })

  it('is searched in the project, or in another directory', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'nuages-load-'))
    try {
      mkdirSync(path.join(root, 'shop'))
      writeFileSync(path.join(root, 'shop/things.ts'), 'export const answer = () => 42\n')
      const answer = await loadNamed('THING', 'shop.things.answer', functionOf<() => number>('a function'), { root })
      expect(answer()).to.equal(42)
    } finally {
      rmSync(root, { recursive: true })
    }
  })

  it('is printed without the secrets in it', async () => {
    const message = await complaint(loadNamed('THING', named('settings'), STORAGE))
    expect(message).to.contain('found {"password":"********************","user":"ada"}')
  })

  describe('can be returned as an instance', () => {
    it('of a class, whose methods may be fields', async () => {
      for (const name of ['Complete', 'Fields']) {
        expect((await loadInstance('THING', named(name), INSTANCE)).store()).to.equal('stored')
      }
    })

    it('created with arguments', async () => {
      const made = await loadInstance('THING', named('Fields'), INSTANCE, 'given')
      expect(made.retrieve()).to.equal('given')
    })

    it('or the object itself, if it is suitable', async () => {
      expect(toInstance('THING', { retrieve: () => 1, store: () => 2 }, INSTANCE).store()).to.equal(2)
    })

    it('or causes an error', async () => {
      expect(await complaint(loadInstance('THING', named('Incomplete'), INSTANCE))).to.equal(
        `THING names '${named('Incomplete')}', which should be a class of storages, found the class Incomplete. ${EXPORTS} Did you mean 'Complete'?`,
      )
      for (const [name, found] of [
        ['plain', 'the function plain'],
        ['version', '5'],
      ]) {
        expect(await complaint(loadInstance('THING', named(name as string), INSTANCE))).to.contain(`found ${found}.`)
      }
      expect(() => toInstance('THING', 7, INSTANCE)).to.throw(
        UnsuitableValue,
        /^THING should be a class of storages, found 7\.$/,
      )
    })
  })

  it('may be an npm package', async () => {
    const factory = await loadFromPackage('THING', 'koa-compress', functionOf<() => unknown>('a function'))
    expect(factory()).to.be.a('function')
    expect(await complaint(loadFromPackage('THING', 'koa-compress', STORAGE))).to.contain(
      "THING names 'koa-compress', whose default export should be a class with retrieve() and store(), found ",
    )
    expect(await complaint(loadFromPackage('THING', 'no-such-package', STORAGE))).to.equal(
      "THING needs the npm package 'no-such-package', which is not installed. Run: npm install no-such-package",
    )
  })

  const wrong: Record<string, [Settings, string]> = {
    EMAIL_BACKEND: [
      { EMAIL_BACKEND: named('plain') },
      'a class with a method sendMessages(), found the function plain.',
    ],
    MESSAGE_STORAGE: [{ MESSAGE_STORAGE: named('Incomplete') }, 'found the class Incomplete without store().'],
    "STORAGES['staticfiles'].BACKEND": [
      { STORAGES: { staticfiles: { BACKEND: named('Complete') } } },
      'found the class Complete without url(), exists(), save(), delete(), list() and modified().',
    ],
    'STATICFILES_FINDERS[0]': [{ STATICFILES_FINDERS: [named('version')] }, 'a class with find() and list(), found 5.'],
    "CACHES['default'].BACKEND": [
      { CACHES: { default: { BACKEND: named('Complete') } } },
      'a subclass of CacheStore, found the class Complete.',
    ],
    "CACHES['default'].KEY_FUNCTION": [
      { CACHES: { default: { BACKEND: 'core.cache.backends.dummy.DummyCache', KEY_FUNCTION: named('version') } } },
      'a function of (key, prefix, version), found 5.',
    ],
    'AUTHENTICATION_BACKENDS[0]': [
      { AUTHENTICATION_BACKENDS: [named('Complete')] },
      'a class with a method getUser(), found the class Complete.',
    ],
    AUTH_USER_MODEL: [
      { AUTH_USER_MODEL: named('Complete') },
      'found the class Complete without objects.findByNaturalKey(), objects.findById(), objects.createUser() and',
    ],
    'PASSWORD_HASHERS[0]': [
      { PASSWORD_HASHERS: [named('Complete')] },
      'a class of password hashers with an algorithm, found the class Complete.',
    ],
    'AUTH_PASSWORD_VALIDATORS[0].NAME': [
      { AUTH_PASSWORD_VALIDATORS: [{ NAME: named('Complete') }] },
      'a class with a method validate(), found the class Complete.',
    ],
    SESSION_DEVICE_DESCRIPTION: [
      { SESSION_DEVICE_DESCRIPTION: named('Complete') },
      'a function of (request), found the class Complete.',
    ],
  }
  for (const [setting, [overrides, expected]] of Object.entries(wrong)) {
    it(`is checked for ${setting}`, async () => {
      await Promise.all([
        import('#core/mail'),
        import('../../core/contrib/messages/middleware.ts'),
        import('#core/contrib/staticfiles'),
        import('#core/contrib/auth'),
        import('#core/contrib/session_devices'),
      ])
      const message = await complaint(overrideSettings(overrides, () => {}))
      expect(message)
        .to.contain(`${setting} names '${named('')}`)
        .and.contain(expected)
        .and.contain(EXPORTS)
    })
  }
})
