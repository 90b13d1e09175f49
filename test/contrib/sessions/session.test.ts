/** The session is a dict that tracks its changes. */
import { expect } from 'chai'
import { expectTypeOf } from 'expect-type'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { openSession, peekSession, type Session, SessionNotLoaded } from '#core/contrib/sessions'
import { stateOf } from '../../../core/contrib/sessions/session_proxy.ts'
import { setClock } from '#core/utils'
import { MemoryStore } from './memory_store.ts'

declare module '#core/contrib/sessions' {
  interface SessionData {
    basket?: { items: string[] }
    n?: number
  }
}

describe('session', () => {
  let store: MemoryStore
  let session: Session
  before(() => setup())
  beforeEach(() => {
    store = new MemoryStore()
    session = openSession(store)
  })
  afterEach(() => setClock())

  /** The session as the next request sees it. */
  const next = async (): Promise<Session> => {
    await session.save()
    const again = openSession(store, session.sessionKey)
    await stateOf(again).fetch()
    return again
  }

  describe('as a dict', () => {
    it('is neither accessed nor modified when it is new', () => {
      expect([session.accessed, session.modified, session.sessionKey]).to.deep.equal([false, false, null])
      expect(session.isEmpty()).to.equal(true)
    })

    it('reads, writes, tests and deletes by property', () => {
      session.n = 1
      expect(session.n).to.equal(1)
      expect('n' in session).to.equal(true)
      delete session.n
      expect('n' in session).to.equal(false)
      expect(session.n).to.equal(undefined)
    })

    it('has the methods of a Django session', () => {
      expect(session.get('a')).to.equal(undefined)
      expect(session.get('a', 'default')).to.equal('default')
      expect(session.set('a', 1).get('a')).to.equal(1)
      expect(session.setDefault('a', 2)).to.equal(1)
      expect(session.setDefault('b', 2)).to.equal(2)
      session.update({ c: 3 })
      expect(session.keys()).to.deep.equal(['a', 'b', 'c'])
      expect(session.values()).to.deep.equal([1, 2, 3])
      expect(session.items()).to.deep.equal([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ])
      expect(session.pop('a')).to.equal(1)
      expect(session.pop('a', 'gone')).to.equal('gone')
      expect(session.has('a')).to.equal(false)
      session.clear()
      expect(session.keys()).to.deep.equal([])
    })

    it('can be spread, iterated and written as JSON', () => {
      session.update({ a: 1, b: { c: [2] } })
      // oxlint-disable-next-line typescript/no-misused-spread -- that it can be spread is the promise
      expect({ ...session }).to.deep.equal({ a: 1, b: { c: [2] } })
      expect(Object.keys(session)).to.deep.equal(['a', 'b'])
      expect([...session]).to.deep.equal([
        ['a', 1],
        ['b', { c: [2] }],
      ])
      expect(JSON.stringify(session)).to.equal('{"a":1,"b":{"c":[2]}}')
      expect(Object.assign({}, session)).to.deep.equal({ a: 1, b: { c: [2] } })
    })

    it('reports how to use a key that has the name of a method', () => {
      expect(() => Object.assign(session, { flush: 1 })).to.throw(TypeError, "session.set('flush', …)")
      expect(() => Reflect.deleteProperty(session, 'save')).to.throw(TypeError, "session.remove('save')")
      expect(() => Object.assign(session, { sessionKey: 'x' })).to.throw(TypeError, 'session.sessionKey is a property')
      session.set('flush', 'mine')
      expect(session.get('flush')).to.equal('mine')
      expect('flush' in Object.getPrototypeOf(session)).to.equal(true)
    })

    it('treats __proto__ and similar names as ordinary keys', () => {
      for (const key of ['__proto__', 'constructor', 'prototype', 'toString']) {
        session.set(key, { polluted: true })
        expect(session.get(key)).to.deep.equal({ polluted: true })
        expect(key in session).to.equal(true)
      }
      session.update(JSON.parse('{"__proto__": {"admin": true}}') as Record<string, unknown>)
      expect(({} as { admin?: boolean }).admin).to.equal(undefined)
      expect(session.has('admin')).to.equal(false)
      expect(session.has('hasOwnProperty')).to.equal(false)
    })

    it('can be peeked into without being marked as accessed', async () => {
      session.n = 1
      const again = await next()
      expect([peekSession(again, 'n'), again.accessed]).to.deep.equal([1, false])
    })

    it('can be returned from an async function', async () => {
      const same = await Promise.resolve(session)
      expect(same === session).to.equal(true)
      expect(session.accessed).to.equal(false)
    })

    it('logs none of its content', async () => {
      session.set('secret', 'hunter2')
      const { inspect } = await import('node:util')
      expect(inspect(session, { depth: 5 })).not.to.contain('hunter2')
    })

    it('has the types that a project declares', () => {
      expectTypeOf(session.basket).toEqualTypeOf<{ items: string[] } | undefined>()
      expectTypeOf(session.n).toEqualTypeOf<number | undefined>()
      expectTypeOf(session.get('anything')).toEqualTypeOf<unknown>()
      // @ts-expect-error an undeclared key
      expect(session.cartt).to.equal(undefined)
      // @ts-expect-error a value of another type
      session.n = 'one'
    })
  })

  describe('tracks changes', () => {
    const accesses: Record<string, (s: Session) => unknown> = {
      'a read': (s) => s.n,
      get: (s) => s.get('n'),
      in: (s) => 'n' in s,
      keys: (s) => s.keys(),
      values: (s) => s.values(),
      items: (s) => s.items(),
      // oxlint-disable-next-line typescript/no-misused-spread -- as above
      spread: (s) => ({ ...s }),
      'pop of a missing key': (s) => s.pop('nope'),
      'setDefault of an existing key': (s) => s.setDefault('n', 2),
      'delete of a missing key': (s) => Reflect.deleteProperty(s, 'nope'),
      'setExpiry(null) without an expiry': (s) => s.setExpiry(null),
    }
    for (const [what, access] of Object.entries(accesses)) {
      it(`marks the session as accessed, not as modified: ${what}`, async () => {
        session.n = 1
        const again = await next()
        access(again)
        expect([again.accessed, again.modified]).to.deep.equal([true, false])
      })
    }

    const changes: Record<string, (s: Session) => unknown> = {
      'an assignment': (s) => (s.n = 1),
      'an assignment of the same value': (s) => (s.n = 1),
      delete: (s) => delete s.n,
      'pop of an existing key': (s) => s.pop('n'),
      'setDefault of a missing key': (s) => s.setDefault('m', 1),
      'update, even with nothing': (s) => s.update({}),
      clear: (s) => s.clear(),
      setExpiry: (s) => s.setExpiry(60),
      setTestCookie: (s) => s.setTestCookie(),
      'modified = true': (s) => (s.modified = true),
    }
    for (const [what, change] of Object.entries(changes)) {
      it(`marks the session as modified: ${what}`, async () => {
        session.n = 1
        const again = await next()
        change(again)
        expect([again.modified, stateOf(again).dirty]).to.deep.equal([true, true])
      })
    }

    const cartOf = (s: Session): { items: string[] } => s.basket as { items: string[] }
    const nested: Record<string, (s: Session) => unknown> = {
      push: (s) => cartOf(s).items.push('x'),
      splice: (s) => cartOf(s).items.splice(0, 1),
      copyWithin: (s) => cartOf(s).items.copyWithin(0, 1),
      'assignment by index': (s) => (cartOf(s).items[0] = 'x'),
      'a new length': (s) => (cartOf(s).items.length = 0),
      'a new property': (s) => Object.assign(cartOf(s), { note: 'x' }),
      'delete of a property': (s) => Reflect.deleteProperty(cartOf(s), 'items'),
      'a list taken out by destructuring': (s) => {
        const { items } = cartOf(s)
        items.push('x')
      },
      'a value of values()': (s) => (s.values()[0] as { items: string[] }).items.push('x'),
      'a value met while iterating': (s) => {
        for (const [, value] of s) (value as { items: string[] }).items.push('x')
      },
    }
    for (const [what, change] of Object.entries(nested)) {
      it(`notices and saves a nested change: ${what}`, async () => {
        session.basket = { items: ['b', 'a'] }
        const again = await next()
        change(again)
        const expected = again.toJSON()
        expect(again.modified).to.equal(true)
        await again.save()
        const third = openSession(store, again.sessionKey)
        expect(await third.load()).to.deep.equal(expected)
      })
    }

    it('notices a change after a save in a value that was assigned before it', async () => {
      const basket = { items: ['a'] }
      session.basket = basket
      await session.save()
      basket.items.push('b')
      expect(stateOf(session).dirty).to.equal(true)
      await session.save()
      expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ basket: { items: ['a', 'b'] } })
    })

    it('is still dirty when it was changed during a save', async () => {
      session.n = 1
      await session.save()
      session.n = 2
      const update = store.update.bind(store)
      store.update = async (...args) => {
        const key = await update(...args)
        session.basket = { items: ['late'] }
        return key
      }
      await session.save()
      store.update = update
      expect(stateOf(session).dirty).to.equal(true)
      await session.save()
      expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ n: 2, basket: { items: ['late'] } })
    })

    const failures: Readonly<Record<string, () => Promise<never>>> = {
      'has failed': () => Promise.reject(new Error('down')),
      'could not even begin': () => {
        throw new Error('down')
      },
    }
    for (const [what, fail] of Object.entries(failures)) {
      it(`is still dirty when a save ${what}`, async () => {
        session.n = 1
        await session.save()
        session.n = 2
        const update = store.update.bind(store)
        store.update = fail
        const error = await session.save().catch((each: Error) => each)
        expect((error as Error).message).to.equal('down')
        expect(stateOf(session).dirty).to.equal(true)
        store.update = update
        await session.save()
        expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ n: 2 })
      })
    }

    it('stays modified after a save, but is not dirty', async () => {
      session.n = 1
      await session.save()
      expect([session.modified, stateOf(session).dirty]).to.deep.equal([true, false])
    })
  })

  describe('loading', () => {
    it('does not happen before the first access', async () => {
      let loads = 0
      const counting = Object.assign(new MemoryStore(), { loadSync: () => void loads++ })
      const lazy = openSession(counting, 'a'.repeat(32))
      expect(lazy.isEmpty()).to.equal(false)
      expect([loads, lazy.accessed]).to.deep.equal([0, false])
      expect(lazy.n).to.equal(undefined)
      expect([loads, lazy.accessed, lazy.sessionKey]).to.deep.equal([1, true, null])
    })

    it('throws an error that names the method to call when a load has to be awaited', async () => {
      session.n = 1
      await session.save()
      const unread = openSession(store, session.sessionKey)
      expect(() => unread.n).to.throw(SessionNotLoaded, 'await session.load()')
      expect(await unread.load()).to.deep.equal({ n: 1 })
      expect(unread.n).to.equal(1)
    })

    it('keeps an error of the store until the first access', async () => {
      const broken = Object.assign(new MemoryStore(), { load: () => Promise.reject(new Error('down')) })
      const failing = openSession(broken, 'a'.repeat(32))
      await stateOf(failing).fetch()
      expect(() => failing.n).to.throw('down')
      expect(failing.sessionKey).to.equal('a'.repeat(32))
    })

    for (const [how, fetches] of [
      ['fetched before', true],
      ['read synchronously', false],
    ] as const) {
      it(`on clear drops a key that the store does not know: ${how}`, async () => {
        const sync = Object.assign(store, { loadSync: () => undefined })
        const cleared = openSession(fetches ? new MemoryStore() : sync, 'unknown-key')
        if (fetches) await stateOf(cleared).fetch()
        cleared.clear()
        expect(cleared.sessionKey).to.equal(null)
        cleared.set('new', 1)
        await cleared.save()
        expect(cleared.sessionKey).to.not.equal(null)
      })
    }

    it('ignores strings of fewer than eight characters as keys', () => {
      for (const key of ['', '1', '1234567', null, undefined]) {
        expect(openSession(store, key).sessionKey).to.equal(null)
      }
      expect(openSession(store, '12345678').sessionKey).to.equal('12345678')
    })
  })

  describe('expiry', () => {
    const NOW = Date.UTC(2026, 0, 1)
    beforeEach(() => setClock({ now: () => NOW }))

    it('after SESSION_COOKIE_AGE by default, also after setExpiry(0)', () => {
      for (const expiry of [null, 0]) {
        session.setExpiry(expiry)
        expect(session.getExpiryAge()).to.equal(1_209_600)
        expect(session.getExpiryDate()).to.deep.equal(new Date(NOW + 1_209_600_000))
      }
    })

    const tenSeconds = { seconds: 10, 'a length of time': { seconds: 10 }, 'a date': new Date(NOW + 10_000) }
    for (const [what, expiry] of Object.entries(tenSeconds)) {
      it(`is at ${what}`, () => {
        session.setExpiry(expiry)
        expect(session.getExpiryAge()).to.equal(10)
        expect(session.getExpiryDate()).to.deep.equal(new Date(NOW + 10_000))
      })
    }

    it('rounds an age until a date down to whole seconds', () => {
      session.setExpiry(new Date(NOW - 500))
      expect(session.getExpiryAge()).to.equal(-1)
    })

    it('adds days, hours, minutes and seconds', () => {
      session.setExpiry({ days: 1, hours: 2, minutes: 3, seconds: 4 })
      expect(session.getExpiryAge()).to.equal(86_400 + 7200 + 180 + 4)
    })

    it('counts from another modification time and for another expiry if given', () => {
      expect(session.getExpiryAge({ expiry: 30 })).to.equal(30)
      const modification = new Date(NOW - 20_000)
      expect(session.getExpiryDate({ modification, expiry: 30 })).to.deep.equal(new Date(NOW + 10_000))
    })

    it('stores a date as Django does: an ISO string with an offset, microseconds only if there are any', () => {
      session.setExpiry(new Date(NOW))
      expect(session.get('_session_expiry')).to.equal('2026-01-01T00:00:00+00:00')
      session.setExpiry(new Date(NOW + 678))
      expect(session.get('_session_expiry')).to.equal('2026-01-01T00:00:00.678000+00:00')
    })

    it('is at the close of the browser by the setting or by setExpiry(0)', async () => {
      for (const [setting, expiry, expected] of [
        [false, 10, false],
        [false, 0, true],
        [false, null, false],
        [true, 10, false],
        [true, 0, true],
        [true, null, true],
      ] as const) {
        await overrideSettings({ SESSION_EXPIRE_AT_BROWSER_CLOSE: setting }, () => {
          session.setExpiry(expiry)
          expect(session.getExpireAtBrowserClose()).to.equal(expected)
        })
      }
    })
  })

  it('tests whether the client accepts cookies', () => {
    expect(session.testCookieWorked()).to.equal(false)
    session.setTestCookie()
    expect([session.testCookieWorked(), session.get('testcookie')]).to.deep.equal([true, 'worked'])
    session.deleteTestCookie()
    expect(session.testCookieWorked()).to.equal(false)
  })

  describe('atomic()', () => {
    it('returns the result of the function', async () => {
      expect(await session.atomic((s) => (s.n = 7))).to.equal(7)
      expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ n: 7 })
    })

    it('keeps the earlier changes of the request when it has to run again', async () => {
      session.n = 0
      const mine = await next()
      const theirs = await next()
      mine.basket = { items: ['mine'] }
      theirs.n = 10
      await theirs.save()
      await mine.atomic((s) => {
        s.n = (s.n ?? 0) + 1
      })
      expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ n: 11, basket: { items: ['mine'] } })
    })

    it('changes nothing in the store when the function throws', async () => {
      session.n = 1
      const again = await next()
      let thrown: unknown
      await again.atomic(() => Promise.reject(new Error('no'))).catch((error: unknown) => (thrown = error))
      expect(thrown).to.be.instanceOf(Error)
      expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ n: 1 })
    })
  })
})
