/** Values built from settings are built again when a setting that their build has read has another value, and only then. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect } from 'chai'
import { Apps, setup } from '#core/apps'
import {
  allSettings,
  cachedByKey,
  cachedFromSettings,
  dependOnSetting,
  loadedFromSettings,
  overrideSettings,
  prepareSettings,
  settingNamed,
  settings,
  type Settings,
} from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'

/** A build function that counts its calls: its value is how many there were. */
function counted(read: () => unknown): { build: () => number; readonly count: number } {
  let count = 0
  return {
    build() {
      count += 1
      read()
      return count
    },
    get count() {
      return count
    },
  }
}

/** Whether a value is built again under other settings. */
async function isRebuilt(read: () => unknown, overrides: Settings): Promise<boolean> {
  const { build } = counted(read)
  const value = cachedFromSettings(build)
  expect([value(), value()]).to.deep.equal([1, 1])
  const during = await overrideSettings(overrides, () => [value(), value()])
  expect(during[0]).to.equal(during[1])
  expect(value()).to.equal(1)
  return during[0] === 2
}

const AGE = { SESSION_COOKIE_AGE: 5 }

describe('values built from settings', () => {
  before(() => setup())

  describe('depend on', () => {
    it('a setting that the build reads, and on no other', async () => {
      const read = (): unknown => settings.SESSION_COOKIE_AGE
      expect(await isRebuilt(read, AGE)).to.equal(true)
      expect(await isRebuilt(read, { SESSION_COOKIE_NAME: 'other', CACHES: { ...settings.CACHES } })).to.equal(false)
    })

    it('a setting that is overridden with an equal value: not', async () => {
      expect(await isRebuilt(() => settings.SESSION_COOKIE_AGE, { SESSION_COOKIE_AGE: 1_209_600 })).to.equal(false)
    })

    it("a project's own setting, which may be absent", async () => {
      expect(await isRebuilt(() => settings.POLLS_PER_PAGE, { POLLS_PER_PAGE: 20 })).to.equal(true)
      expect(await isRebuilt(() => 'POLLS_PER_PAGE' in settings, { POLLS_PER_PAGE: 20 })).to.equal(true)
      expect(await isRebuilt(() => settings.POLLS_PER_PAGE, { POLLS_BY_NAME: {} })).to.equal(false)
    })

    it('settings that are read by name, or all together', async () => {
      expect(await isRebuilt(() => settingNamed('SESSION_COOKIE_AGE'), AGE)).to.equal(true)
      expect(await isRebuilt(() => allSettings(), AGE)).to.equal(true)
    })

    it('what another value was built from, whichever is built first', async () => {
      const inner = cachedFromSettings(() => settings.SESSION_COOKIE_AGE)
      const outer = cachedFromSettings(() => inner() + 1)
      expect([inner(), outer()]).to.deep.equal([1_209_600, 1_209_601])
      expect(await overrideSettings(AGE, () => outer())).to.equal(6)
      expect(outer()).to.equal(1_209_601)
      const third = cachedFromSettings(() => outer() + 1)
      expect(await overrideSettings(AGE, () => third())).to.equal(7)
    })

    it('what another value was loaded from', async () => {
      const inner = loadedFromSettings('SESSION_COOKIE_AGE', async () => {
        await nextTurn()
        return settings.SESSION_COOKIE_AGE
      })
      await prepareSettings()
      const outer = cachedFromSettings(() => inner() + 1)
      expect(outer()).to.equal(1_209_601)
      expect(await overrideSettings(AGE, () => outer())).to.equal(6)
    })

    it('what a failed build has read, where the failure was caught', async () => {
      const inner = cachedFromSettings(() => {
        if (settings.SESSION_COOKIE_AGE > 5) throw new RangeError('too old')
        return 'inner'
      })
      const outer = cachedFromSettings(() => {
        try {
          return inner()
        } catch {
          return 'fallback'
        }
      })
      expect(outer()).to.equal('fallback')
      expect(await overrideSettings(AGE, () => outer())).to.equal('inner')
      expect(outer()).to.equal('fallback')
    })

    it('a setting that they declare', async () => {
      expect(await isRebuilt(() => dependOnSetting('SESSION_COOKIE_AGE'), AGE)).to.equal(true)
    })

    it('INSTALLED_APPS, if the build asks for the installed apps', async () => {
      const overrides = { INSTALLED_APPS: [...settings.INSTALLED_APPS] }
      const apps = new Apps()
      expect(await isRebuilt(() => apps.getAppConfigs(), overrides)).to.equal(true)
      expect(await isRebuilt(() => apps.isInstalled('apps.polls'), overrides)).to.equal(true)
      expect(await isRebuilt(() => expect(() => apps.getAppConfig('polls')).to.throw(), overrides)).to.equal(true)
    })

    it('nothing that is read after the build', async () => {
      const lazy = cachedFromSettings(() => ({ age: () => settings.SESSION_COOKIE_AGE }))
      const before = lazy()
      before.age()
      await overrideSettings(AGE, () => {
        expect(lazy()).to.equal(before)
        expect(lazy().age()).to.equal(5)
      })
    })

    it('nothing that is read by asynchronous code which the build has started', async () => {
      let running: Promise<unknown> | undefined
      const started = loadedFromSettings('SESSION_COOKIE_NAME', async () => {
        running ??= nextTurn().then(() => settings.SESSION_COOKIE_AGE)
        return { name: settings.SESSION_COOKIE_NAME }
      })
      await prepareSettings()
      const before = started()
      expect(await running).to.equal(1_209_600)
      await overrideSettings(AGE, () => expect(started()).to.equal(before))
    })
  })

  it('are not kept if the build throws, and are built again at the next call', () => {
    let attempts = 0
    const value = cachedFromSettings(() => {
      attempts += 1
      if (attempts === 1) throw new RangeError('not yet')
      return attempts
    })
    expect(() => value()).to.throw(RangeError, 'not yet')
    expect([value(), value()]).to.deep.equal([2, 2])
  })

  it('are disposed of at the end of the override that they were built for, and all by dispose()', async () => {
    const disposed: number[] = []
    const value = cachedFromSettings(
      () => settings.SESSION_COOKIE_AGE,
      (age) => void disposed.push(age),
    )
    value()
    await overrideSettings(AGE, async () => {
      value()
      await overrideSettings({ SESSION_COOKIE_AGE: 6 }, () => value())
      expect(disposed).to.deep.equal([6])
    })
    expect(disposed).to.deep.equal([6, 5])
    await value.dispose()
    expect(disposed).to.deep.equal([6, 5, 1_209_600])
    expect(value()).to.equal(1_209_600)
    await value.dispose()
  })

  it('are kept after the override that they were built in, if they do not depend on it', async () => {
    const { build } = counted(() => settings.SESSION_COOKIE_NAME)
    const disposed: number[] = []
    const value = cachedFromSettings(build, (each) => void disposed.push(each))
    await overrideSettings(AGE, () => expect(value()).to.equal(1))
    expect(value()).to.equal(1)
    expect(disposed).to.deep.equal([])
  })

  describe('by a key', () => {
    it('are built once for each key, and depend on what their own build reads', async () => {
      const built: string[] = []
      const value = cachedByKey((key) => {
        built.push(key)
        return key === 'age' ? settings.SESSION_COOKIE_AGE : settings.SESSION_COOKIE_NAME
      })
      expect([value('age'), value('name'), value('age')]).to.deep.equal([1_209_600, 'sessionid', 1_209_600])
      await overrideSettings(AGE, () => expect([value('age'), value('name')]).to.deep.equal([5, 'sessionid']))
      expect(value('age')).to.equal(1_209_600)
      expect(built).to.deep.equal(['age', 'name', 'age'])
    })

    it('are disposed of as others are', async () => {
      const disposed: string[] = []
      const value = cachedByKey(
        (key) => `${key} ${settings.SESSION_COOKIE_AGE}`,
        (each) => void disposed.push(each),
      )
      await overrideSettings(AGE, () => value('a'))
      expect(disposed).to.deep.equal(['a 5'])
      value('a')
      value('b')
      await value.dispose()
      expect(disposed).to.deep.equal(['a 5', 'a 1209600', 'b 1209600'])
    })

    it('may fail for one key', () => {
      const value = cachedByKey((key) => {
        if (key === 'unknown') throw new RangeError(key)
        return key
      })
      for (let i = 0; i < 2; i++) expect(() => value('unknown')).to.throw(RangeError)
      expect(value('known')).to.equal('known')
    })
  })

  describe('and loaded asynchronously', () => {
    it('are built once by concurrent calls', async () => {
      const { build } = counted(() => settings.SESSION_COOKIE_AGE)
      const value = loadedFromSettings('SESSION_COOKIE_AGE', async () => {
        await nextTurn()
        return build()
      })
      await Promise.all([prepareSettings(), setup(), prepareSettings()])
      expect(value()).to.equal(1)
    })

    it('fail for all concurrent calls, and are built again by the next', async () => {
      let isBroken = true
      const value = loadedFromSettings('SESSION_COOKIE_AGE', async () => {
        await nextTurn()
        if (isBroken) throw new RangeError('broken')
        return 'value'
      })
      const outcomes = await Promise.allSettled([prepareSettings(), prepareSettings()])
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
      expect(() => value()).to.throw(ImproperlyConfigured, 'What SESSION_COOKIE_AGE names is not loaded yet')
      isBroken = false
      await prepareSettings()
      expect(value()).to.equal('value')
    })

    it('fail together, with the problems of all', async () => {
      let isBroken = true
      const broken = (setting: 'SESSION_ENGINE' | 'EMAIL_BACKEND') =>
        loadedFromSettings(setting, async () => {
          if (isBroken) throw new ImproperlyConfigured(`${setting} is wrong`)
        })
      broken('SESSION_ENGINE')
      broken('EMAIL_BACKEND')
      const error = await prepareSettings().catch((each: unknown) => each)
      isBroken = false
      expect(error).to.be.instanceOf(ImproperlyConfigured)
      expect((error as Error).message).to.equal('SESSION_ENGINE is wrong\nEMAIL_BACKEND is wrong')
      await prepareSettings()
    })

    it('depend on what is read after an await', async () => {
      const { build } = counted(() => settings.SESSION_COOKIE_AGE)
      const value = loadedFromSettings('SESSION_COOKIE_AGE', async () => {
        await nextTurn()
        await nextTurn()
        return build()
      })
      await prepareSettings()
      await overrideSettings({ SESSION_COOKIE_NAME: 'x', LANGUAGE_CODE: 'fr' }, () => expect(value()).to.equal(1))
      await overrideSettings(AGE, () => expect(value()).to.equal(2))
    })

    it('may also depend on what other code reads meanwhile, and are then built once more, not wrongly', async () => {
      const { build } = counted(() => settings.SESSION_COOKIE_AGE)
      const value = loadedFromSettings('SESSION_COOKIE_AGE', async () => {
        await nextTurn()
        return build()
      })
      const preparing = prepareSettings()
      void settings.SESSION_COOKIE_NAME
      await preparing
      const before = value()
      await overrideSettings({ SESSION_COOKIE_NAME: 'x' }, () => expect(value()).to.be.a('number'))
      expect(value()).to.equal(before)
      await overrideSettings(AGE, () => expect(value()).to.be.greaterThan(before))
    })

    it('are built for the settings in force, if those change during the build', async () => {
      let release = (): void => {}
      let isHeld = true
      const value = loadedFromSettings('SESSION_COOKIE_AGE', async () => {
        const before = settings.SESSION_COOKIE_AGE
        if (isHeld) await new Promise<void>((resolve) => (release = resolve))
        return [before, settings.SESSION_COOKIE_AGE]
      })
      const preparing = prepareSettings()
      await nextTurn()
      isHeld = false
      await overrideSettings(AGE, async () => {
        expect(value()).to.deep.equal([5, 5])
        release()
        await preparing
        expect(value()).to.deep.equal([5, 5])
      })
      await prepareSettings()
      expect(value()).to.deep.equal([1_209_600, 1_209_600])
    })
  })
})
