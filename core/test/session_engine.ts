/**
 * Tests of the guarantees that every session engine must provide, including third-party engines.
 *
 * They run under mocha or any runner with global `describe` and `it`. To test your own engine:
 * `sessionEngineTests('my engine', () => new SessionStore())`
 */
import assert from 'node:assert/strict'
import { setClock } from '#core/utils'
import {
  newSessionKey,
  openSession,
  rotateKey,
  type SavedSession,
  savedSession,
  canLoadSync,
  type Expiry,
  type Session,
  SessionInterrupted,
  type SessionRecord,
  type SessionStore,
  USER_ID_KEY,
} from '#core/contrib/sessions'

type Runner = (name: string, body: () => void | Promise<void>) => unknown

export interface SessionEngineOptions {
  /**
   * False for an engine without stored records, such as one that keeps sessions in cookies. It cannot revoke sessions
   * or detect concurrent writes, so these tests are skipped.
   */
  readonly keepsRecords?: boolean
  /** False for an engine whose server expires sessions by its own clock, which a test cannot set. */
  readonly followsClock?: boolean
  /** False for an engine with another format than JSON, so that unusual numbers may change. */
  readonly keepsNumbers?: boolean
}

/**
 * Opens a store of the engine. A store whose operations have several steps may await `step()` between them. The tests
 * then run concurrent operations at these points, too.
 */
export type OpenStore = (step: () => Promise<void>) => SessionStore | Promise<SessionStore>

/** A concurrent operation on a session by another writer. */
type Interference = (store: SessionStore, key: string) => Promise<unknown>

/** Counts the steps of an operation, and lets another writer run at one of them. */
class Moments {
  readonly #at: number
  #interfere: (() => Promise<unknown>) | undefined
  passed = 0

  constructor(at: number) {
    this.#at = at
  }

  /** Starts counting. */
  begin(interfere: () => Promise<unknown>): void {
    this.#interfere = interfere
  }

  readonly step = async (): Promise<void> => {
    const interfere = this.#interfere
    if (interfere === undefined || this.passed++ !== this.#at) return
    // The steps of the interfering operation are not counted.
    this.#interfere = undefined
    await interfere()
    this.#interfere = interfere
  }
}

/** Wraps a store, and calls `step` before and after each operation. */
class Interfered implements SessionStore {
  readonly #store: SessionStore
  readonly #step: () => Promise<void>
  /** Keys of the created sessions. */
  readonly created: string[] = []

  constructor(store: SessionStore, step: () => Promise<void>) {
    this.#store = store
    this.#step = step
  }

  async #around<T>(call: () => Promise<T>): Promise<T> {
    await this.#step()
    const result = await call()
    await this.#step()
    return result
  }

  load(key: string): ReturnType<SessionStore['load']> {
    return this.#around(() => this.#store.load(key))
  }

  create(record: SessionRecord): Promise<SavedSession> {
    return this.#around(async () => {
      const saved = savedSession(await this.#store.create(record))
      this.created.push(savedSession(saved).key)
      return saved
    })
  }

  update(key: string, record: SessionRecord, version: string): Promise<SavedSession> {
    return this.#around(() => this.#store.update(key, record, version))
  }

  delete(key: string, version?: string): Promise<boolean> {
    return this.#around(() => this.#store.delete(key, version))
  }
}

/** Strings that are never keys of sessions, but that a client or a view may pass as keys. */
const INVALID_KEYS: readonly string[] = [
  '',
  '1',
  'nul\0nul\0nul\0',
  '\0'.repeat(32),
  'a space in the key',
  'line\nfeed\r\nin the key',
  'tab\tin\tthe\tkey',
  `${'../'.repeat(8)}etc/passwd`,
  '..\\..\\windows\\system32',
  'sp ace\nline%00\0',
  '__proto__',
  'constructor',
  'k'.repeat(10_000),
  'k'.repeat(300_000),
  'ｋ'.repeat(32),
  '\u{1f642}'.repeat(16),
  '\ud800'.repeat(32),
  "' or 1=1 -- 12345678",
  '%'.repeat(32),
  '*'.repeat(32),
]

/** Nested lists with this number of levels. */
function nested(levels: number): unknown {
  let value: unknown = 'inside'
  for (let i = 0; i < levels; i++) value = [value]
  return value
}

const saved = async (store: SessionStore, data: Record<string, unknown>): Promise<string> => {
  const session = openSession(store)
  session.update(data)
  await session.save()
  return session.sessionKey as string
}

const loaded = async (store: SessionStore, key: string | null): Promise<Session> => {
  const session = openSession(store, key)
  await session.load()
  return session
}

const content = async (store: SessionStore, key: string | null): Promise<Record<string, unknown>> =>
  (await loaded(store, key)).toJSON()

interface OperationResult {
  readonly store: SessionStore
  /** The key before the operation. */
  readonly key: string
  readonly session: Session
  readonly moment: number
  /** Whether the operation threw SessionInterrupted. */
  readonly refused: boolean
  readonly created: readonly string[]
}

/** Runs `work` on a session once for each of its steps, with an interfering operation at that step. */
async function atEveryMoment(
  openStore: OpenStore,
  interference: Interference,
  work: (session: Session) => Promise<unknown>,
  afterwards: (outcome: OperationResult) => Promise<void>,
): Promise<void> {
  for (let moment = 0; ; moment++) {
    const moments = new Moments(moment)
    const store = await openStore(moments.step)
    const key = await saved(store, { before: 1 })
    const interfered = new Interfered(store, moments.step)
    const session = openSession(interfered, key)
    moments.begin(() => interference(store, key))
    let refused = false
    try {
      await session.load()
      await work(session)
    } catch (error) {
      if (!(error instanceof SessionInterrupted)) throw error
      refused = true
    }
    if (moment >= moments.passed) return
    moments.begin(async () => {})
    await afterwards({ store, key, session, moment, refused, created: interfered.created })
  }
}

/**
 * Declares the tests of an engine.
 * @param name name of the engine in the report
 * @param openStore opens the store; called for each test
 */
export function sessionEngineTests(name: string, openStore: OpenStore, options: SessionEngineOptions = {}): void {
  const { describe, it } = globalThis as unknown as { describe: Runner; it: Runner }
  const { keepsRecords = true, keepsNumbers = true, followsClock = true } = options
  const open = (): SessionStore | Promise<SessionStore> => openStore(async () => {})

  describe(`session engine ${name}`, () => {
    it('gives back in a later request what was saved', async () => {
      const store = await open()
      const data = {
        text: 'naïve café \u{1f642}\u2028',
        list: [1, 'two', null, true],
        deep: { a: { b: [] } },
        empty: '',
      }
      assert.deepEqual(await content(store, await saved(store, data)), data)
    })

    it('keeps what a session holds readable after it was saved', async () => {
      const session = openSession(await open())
      session.set('cat', 'dog')
      await session.save()
      assert.equal(session.get('cat'), 'dog')
    })

    it('keeps keys named like parts of JavaScript objects, and pollutes nothing', async () => {
      const store = await open()
      const session = openSession(store)
      for (const key of ['__proto__', 'constructor', 'toString', 'flush', '1']) session.set(key, { own: key })
      await session.save()
      const again = await loaded(store, session.sessionKey)
      for (const key of ['__proto__', 'constructor', 'toString', 'flush', '1']) {
        assert.deepEqual(again.get(key), { own: key })
      }
      assert.equal(({} as { own?: string }).own, undefined)
    })

    it('saves a change inside a list or an object', async () => {
      const store = await open()
      const first = await loaded(store, await saved(store, { parcel: { items: ['a'] } }))
      ;(first.get('parcel') as { items: string[] }).items.push('b')
      assert.equal(first.modified, true)
      await first.save()
      assert.deepEqual(await content(store, first.sessionKey), { parcel: { items: ['a', 'b'] } })
    })

    it('refuses a value that JSON cannot hold, by its name, and keeps the rest', async () => {
      const store = await open()
      const session = openSession(store)
      session.set('good', 1)
      for (const value of [() => 1, Number.NaN, new Map(), new Date(), undefined, Symbol('s')]) {
        assert.throws(() => session.set('bad', value), /session\.bad/)
      }
      await session.save()
      assert.deepEqual(await content(store, session.sessionKey), { good: 1 })
    })

    if (keepsNumbers) {
      it('keeps whole numbers beyond 2^53', async () => {
        const store = await open()
        const big = 12345678901234567890n
        const session = await loaded(store, await saved(store, { big }))
        session.set('other', 1)
        await session.save()
        assert.equal((await loaded(store, session.sessionKey)).get('big'), big)
      })
    }

    it('knows nothing of a key it did not issue, and does not adopt it', async () => {
      const store = await open()
      for (const key of [newSessionKey(), ...INVALID_KEYS]) {
        const session = await loaded(store, key)
        assert.equal(session.sessionKey, null)
        session.set('a', 1)
        await session.save()
        assert.notEqual(session.sessionKey, key)
      }
    })

    it('takes a string that cannot be a key for an unknown session, and fails at none', async () => {
      const store = await open()
      for (const key of INVALID_KEYS) {
        const what = JSON.stringify(key.slice(0, 40))
        assert.equal(await store.load(key), undefined, what)
        if (canLoadSync(store)) assert.equal(store.loadSync(key), undefined, what)
        assert.equal(await openSession(store).exists(key), false, what)
        assert.notEqual(await store.exists?.(key), true, what)
        await openSession(store).delete(key)
        assert.notEqual(await store.delete(key), true, what)
      }
    })

    it('keeps what is nested 900 levels deep, and refuses by its name what is nested more deeply than any stack', async () => {
      const store = await open()
      const session = openSession(store)
      session.set('good', nested(900))
      for (const levels of [1001, 5000, 100_000]) {
        assert.throws(() => session.set('bad', nested(levels)), {
          name: 'NotJson',
          message: /^session\.bad.*levels deep/,
        })
      }
      await session.save()
      assert.equal(JSON.stringify(await content(store, session.sessionKey)), JSON.stringify({ good: nested(900) }))
    })

    it('creates nothing when it is asked for an unknown key', async () => {
      const store = await open()
      const key = newSessionKey()
      await loaded(store, key)
      assert.equal(await openSession(store).exists(key), false)
    })

    expiryTests(it, openStore, { keepsNumbers, followsClock })
    if (keepsRecords) recordTests(it, openStore)
  })
}

const DAY = 86_400

/** Expiry: what `setExpiry()` says takes effect, and it says nothing that no date can express. */
function expiryTests(
  it: Runner,
  openStore: OpenStore,
  { keepsNumbers, followsClock }: Required<Pick<SessionEngineOptions, 'keepsNumbers' | 'followsClock'>>,
): void {
  const open = (): SessionStore | Promise<SessionStore> => openStore(async () => {})

  /** Saves a session that expires as given. @returns whether it is there after each number of seconds */
  async function isThereAfter(seconds: readonly number[], expiry?: Expiry): Promise<boolean[]> {
    const store = await open()
    const session = openSession(store)
    session.set('a', 1)
    if (expiry !== undefined) session.setExpiry(expiry)
    await session.save()
    const found: boolean[] = []
    for (const later of seconds) {
      setClock({ now: () => Date.now() + later * 1000 })
      try {
        found.push(Object.keys(await content(store, session.sessionKey)).length > 0)
      } finally {
        setClock()
      }
    }
    return found
  }

  if (followsClock) {
    it('ends a session after the time that it was given, shorter or longer than the cookie age', async () => {
      const lengths: readonly Expiry[] = [
        3600,
        { hours: 1 },
        { minutes: 59, seconds: 60 },
        new Date(Date.now() + 3_600_000),
      ]
      for (const expiry of lengths) assert.deepEqual(await isThereAfter([0, 3590, 3610], expiry), [true, true, false])
      for (const expiry of [30 * DAY, { days: 30 }]) {
        assert.deepEqual(await isThereAfter([0, 29 * DAY, 31 * DAY], expiry), [true, true, false])
      }
      for (const expiry of [undefined, null, 0]) {
        assert.deepEqual(await isThereAfter([0, 13 * DAY, 15 * DAY], expiry), [true, true, false])
      }
    })

    it('counts the seconds from the last save, and not from a read', async () => {
      const store = await open()
      const session = openSession(store)
      session.set('a', 1)
      session.setExpiry(3600)
      await session.save()
      for (const [later, isThere] of [
        [1800, true],
        [3500, true],
        [3700, false],
      ] as const) {
        setClock({ now: () => Date.now() + later * 1000 })
        try {
          assert.equal((await loaded(store, session.sessionKey)).has('a'), isThere, `after ${later} s`)
        } finally {
          setClock()
        }
      }
    })
  }

  it('takes an expiry that another program has stored and no date can express for the last or first date', async () => {
    for (const [stored, isThere] of [
      [1e15, true],
      [-1e15, false],
      [keepsNumbers ? 10n ** 30n : 1e30, true],
      ['9999-12-31T23:59:59.999999+00:00', true],
      ['no date', true],
      [{}, true],
    ] as const) {
      const store = await open()
      const session = openSession(store)
      session.set('a', 1)
      session.set('_session_expiry', stored)
      await session.save()
      assert.equal(
        (await loaded(store, session.sessionKey)).has('a'),
        isThere,
        JSON.stringify(stored, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)),
      )
      assert.ok(Number.isSafeInteger(session.getExpiryAge()))
      assert.ok(!Number.isNaN(session.getExpiryDate().getTime()))
    }
  })
}

function recordTests(it: Runner, openStore: OpenStore): void {
  const open = (): SessionStore | Promise<SessionStore> => openStore(async () => {})
  it('issues a new key for every session', async () => {
    const store = await open()
    const keys = await Promise.all(Array.from({ length: 100 }, () => saved(store, {})))
    assert.equal(new Set(keys).size, 100)
    for (const key of keys) assert.match(key, /^[a-z0-9]{32}$/)
  })

  it('knows whether a session is there', async () => {
    const store = await open()
    const key = await saved(store, { a: 1 })
    assert.equal(await openSession(store).exists(key), true)
    await openSession(store, key).delete()
    assert.equal(await openSession(store).exists(key), false)
    assert.deepEqual(await content(store, key), {})
  })

  it('tells keys apart that differ in case alone', async () => {
    const store = await open()
    const key = await saved(store, { a: 1 })
    const { version = '' } = (await store.load(key)) ?? {}
    const swapped = key.replace(/[a-z]/gi, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    )
    assert.notEqual(swapped, key)
    assert.equal(await store.load(swapped), undefined)
    assert.equal(await openSession(store).exists(swapped), false)
    await assert.rejects(store.update(swapped, { data: { b: 2 }, expiresAt: Date.now() + 600_000 }, version))
    assert.notEqual(await store.delete(swapped), true)
    assert.notEqual(await store.delete(swapped, version), true)
    assert.deepEqual(await content(store, key), { a: 1 })
  })

  it('deletes a session once, and says so where it can', async () => {
    const store = await open()
    const key = await saved(store, { a: 1 })
    assert.notEqual(await store.delete(key), false)
    assert.notEqual(await store.delete(key), true)
  })

  it('forgets a session that has expired', async () => {
    const store = await open()
    const session = openSession(store)
    session.set('a', 1)
    session.setExpiry(-300)
    await session.save()
    assert.deepEqual(await content(store, session.sessionKey), {})
  })

  it('flushes: what was stored is gone, and so is the key', async () => {
    const store = await open()
    const session = await loaded(store, await saved(store, { a: 1 }))
    const key = session.sessionKey as string
    await session.flush()
    assert.equal(session.sessionKey, null)
    assert.deepEqual(await content(store, key), {})
  })

  it('cycles the key: same content, new key, the old one gone', async () => {
    const store = await open()
    const old = await saved(store, { a: 1, b: [2] })
    const session = openSession(store, old)
    await session.cycleKey()
    assert.notEqual(session.sessionKey, old)
    assert.deepEqual(await content(store, session.sessionKey), { a: 1, b: [2] })
    assert.deepEqual(await content(store, old), {})
  })

  it('saves twice in one request', async () => {
    const store = await open()
    const session = openSession(store)
    for (const n of [1, 2, 3]) {
      session.set('n', n)
      await session.save()
    }
    assert.deepEqual(await content(store, session.sessionKey), { n: 3 })
  })

  it('keeps all of twenty keys that twenty requests set at once', async () => {
    const store = await open()
    const key = await saved(store, {})
    const sessions = await Promise.all(Array.from({ length: 20 }, () => loaded(store, key)))
    await Promise.all(
      sessions.map((session, i) => {
        session.set(`k${i}`, i)
        return session.save()
      }),
    )
    assert.equal(Object.keys(await content(store, key)).length, 20)
  })

  it('counts exactly when fifty requests count at once', async () => {
    const store = await open()
    const key = await saved(store, {})
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const session = await loaded(store, key)
        await session.atomic((s) => s.set('n', Number(s.get<string>('n') ?? 0) + 1))
      }),
    )
    assert.deepEqual(await content(store, key), { n: 50 })
  })

  it('does not bring back a session that was deleted before it was saved', async () => {
    const store = await open()
    const slow = await loaded(store, await saved(store, { a: 1 }))
    const key = slow.sessionKey as string
    await openSession(store, key).delete()
    slow.set('a', 2)
    await assert.rejects(slow.save(), SessionInterrupted)
    assert.deepEqual(await content(store, key), {})
  })

  it('lets a request that only read or only moved the expiry end normally when its session was deleted', async () => {
    const store = await open()
    for (const change of [() => {}, (session: Session) => session.setExpiry(600)]) {
      const slow = await loaded(store, await saved(store, { a: 1 }))
      const key = slow.sessionKey as string
      change(slow)
      await openSession(store, key).delete()
      await slow.save()
      assert.equal(slow.sessionKey, null)
      assert.deepEqual(await content(store, key), {})
    }
  })

  const works: Record<string, (session: Session) => Promise<unknown>> = {
    'a save': (session) => {
      session.set('mine', 1)
      return session.save()
    },
    'an atomic change': (session) => session.atomic((s) => s.set('mine', 1)),
    'a change of key': (session) => {
      session.set('mine', 1)
      return session.cycleKey()
    },
  }

  rotationTests(it, openStore, works)

  for (const [what, work] of Object.entries(works)) {
    it(`a delete at any moment of ${what} stays a delete`, () =>
      atEveryMoment(
        openStore,
        (store, key) => store.delete(key),
        work,
        async ({ store, key, moment, refused, created }) => {
          assert.deepEqual(await content(store, key), {}, `the old key at moment ${moment}`)
          // An interrupted operation must not leave a session under a new key either.
          for (const each of refused ? created : []) {
            assert.deepEqual(await content(store, each), {}, `a new key at moment ${moment}`)
          }
        },
      ))

    it(`a write of another at any moment of ${what} is kept beside it`, () =>
      atEveryMoment(
        openStore,
        async (store, key) => {
          const other = await loaded(store, key)
          // The old key may have been replaced already. Then no save is confirmed.
          if (other.sessionKey === null) return
          other.set('theirs', 2)
          try {
            await other.save()
            kept.add(key)
          } catch (error) {
            if (!(error instanceof SessionInterrupted)) throw error
          }
        },
        work,
        async ({ store, key, session, moment }) => {
          const expected = kept.has(key) ? { before: 1, theirs: 2, mine: 1 } : { before: 1, mine: 1 }
          assert.deepEqual(await content(store, session.sessionKey), expected, `at moment ${moment}`)
        },
      ))
  }
  /** Keys under which the other writer's save was confirmed. */
  const kept = new Set<string>()
}

/** Concurrent changes of the session key. */
function rotationTests(
  it: Runner,
  openStore: OpenStore,
  works: Readonly<Record<string, (session: Session) => Promise<unknown>>>,
): void {
  const open = (): SessionStore | Promise<SessionStore> => openStore(async () => {})

  /** The content of the one session that is there under one of these keys. */
  async function survivor(store: SessionStore, keys: Iterable<string | null>): Promise<Record<string, unknown>> {
    const contents = await Promise.all([...new Set(keys)].map((key) => content(store, key)))
    const found = contents.filter((each) => Object.keys(each).length > 0)
    assert.equal(found.length, 1, `${found.length} sessions: ${JSON.stringify(found)}`)
    return found[0] as Record<string, unknown>
  }

  it('keeps the changes of all of five requests that change the key at once, under one new key', async () => {
    const store = new Interfered(await open(), async () => {})
    const old = await saved(store, { before: 1 })
    const sessions = await Promise.all(Array.from({ length: 5 }, () => loaded(store, old)))
    await Promise.all(
      sessions.map((session, i) => {
        session.set(`k${i}`, i)
        return session.cycleKey()
      }),
    )
    assert.deepEqual(await survivor(store, store.created), { before: 1, k0: 0, k1: 1, k2: 2, k3: 3, k4: 4 })
    assert.deepEqual(await content(store, old), {})
    assert.equal(await openSession(store).exists(old), false)
  })

  it('saves in the new session what a request changed that had loaded the old one, and shows it nothing else', async () => {
    const store = await open()
    const old = await saved(store, { list: [1], gone: 1 })
    const slow = await loaded(store, old)
    const login = await loaded(store, old)
    login.set('_auth_user_id', '1')
    login.set('secret', 'of the user')
    await login.cycleKey()
    ;(slow.get('list') as number[]).push(2)
    slow.remove('gone')
    await slow.save()
    assert.deepEqual(slow.toJSON(), { list: [1, 2] })
    assert.equal(slow.sessionKey, old)
    slow.set('again', true)
    await slow.save()
    const expected = { list: [1, 2], _auth_user_id: '1', secret: 'of the user', again: true }
    assert.deepEqual(await content(store, login.sessionKey), expected)
  })

  it('runs an atomic change from before a login exactly, or refuses it, and never on the new content', async () => {
    const store = await open()
    const old = await saved(store, { n: 1, list: ['a'] })
    const [first, second, third, login] = await Promise.all([1, 2, 3, 4].map(() => loaded(store, old)))
    login?.set('_auth_user_id', '1')
    login?.set('secret', 'of the user')
    await login?.cycleKey()
    const key = login?.sessionKey as string
    const change = (s: Session): unknown => {
      s.set('n', Number(s.get('n')) + 1)
      ;(s.get<string>('list') as string[]).push('b')
      return s.get('secret')
    }
    assert.equal(await first?.atomic(change), undefined)
    const expected = { n: 2, list: ['a', 'b'], _auth_user_id: '1', secret: 'of the user' }
    assert.deepEqual(await content(store, key), expected)
    await assert.rejects(async () => second?.atomic(change), SessionInterrupted)
    assert.equal(await third?.atomic((s) => (s.set('other', 1), s.get('n'))), 1)
    assert.deepEqual(await content(store, key), { ...expected, other: 1 })
  })

  it('keeps the login of the new session when a request from before it clears the old one', async () => {
    const store = await open()
    const old = await saved(store, { cart: 1 })
    const slow = await loaded(store, old)
    const login = await loaded(store, old)
    login.set('_auth_user_id', '1')
    await login.cycleKey()
    slow.clear()
    slow.set('_auth_user_id', 'another')
    slow.set('mine', 1)
    await slow.save()
    assert.deepEqual(await content(store, login.sessionKey), { _auth_user_id: '1', mine: 1 })
  })

  it('counts exactly when requests count while others change the key', async () => {
    const store = new Interfered(await open(), async () => {})
    const old = await saved(store, { n: 0 })
    const sessions = await Promise.all(Array.from({ length: 12 }, () => loaded(store, old)))
    await Promise.all(
      sessions.map((session, i) =>
        i % 4 === 0 ? session.cycleKey() : session.atomic((s) => s.set('n', Number(s.get<string>('n')) + 1)),
      ),
    )
    assert.deepEqual(await survivor(store, store.created), { n: 9 })
  })

  it('ends a session also where another request has moved it, for a request that had loaded it before', async () => {
    const store = await open()
    const old = await saved(store, { a: 1 })
    const [logout, first, second] = await Promise.all([loaded(store, old), loaded(store, old), loaded(store, old)])
    await first.cycleKey()
    const next = await loaded(store, first.sessionKey)
    await next.cycleKey()
    await logout.flush()
    for (const key of [old, first.sessionKey, next.sessionKey]) assert.deepEqual(await content(store, key), {})
    second.set('b', 2)
    await assert.rejects(second.save(), SessionInterrupted)
  })

  it('saves nothing for a request that comes with the old key later, and makes no new session for it', async () => {
    const store = new Interfered(await open(), async () => {})
    const old = await saved(store, { a: 1 })
    const first = await loaded(store, old)
    await first.cycleKey()
    const created = store.created.length
    const late = await loaded(store, old)
    assert.equal(late.sessionKey, null)
    assert.deepEqual(late.toJSON(), {})
    await late.save()
    await late.cycleKey()
    late.set('b', 2)
    await late.cycleKey()
    await assert.rejects(late.save(), SessionInterrupted)
    await assert.rejects(
      late.atomic((s) => s.set('c', 3)),
      SessionInterrupted,
    )
    assert.equal(store.created.length, created)
    assert.deepEqual(await content(store, first.sessionKey), { a: 1 })
  })

  for (const [what, work] of Object.entries(works)) {
    it(`a change of key by another at any moment of ${what} loses nothing and leaves one session`, () => {
      const moved = new Map<string, { key: string | null; isSaved: boolean }>()
      return atEveryMoment(
        openStore,
        async (store, key) => {
          const other = await loaded(store, key)
          other.set('theirs', 2)
          const isSaved = await other.cycleKey().then(
            () => other.sessionKey !== null,
            (error: unknown) => {
              if (error instanceof SessionInterrupted) return false
              throw error
            },
          )
          moved.set(key, { key: other.sessionKey, isSaved })
        },
        work,
        async ({ store, key, session, moment, refused, created }) => {
          const other = moved.get(key)
          const expected = {
            before: 1,
            // Without a key, the request came after the rotation: it has no session.
            ...(refused || session.sessionKey === null ? {} : { mine: 1 }),
            ...(other?.isSaved === true ? { theirs: 2 } : {}),
          }
          const keys = [key, session.sessionKey, other?.key ?? null, ...created]
          assert.deepEqual(await survivor(store, keys), expected, `at moment ${moment}`)
        },
      )
    })

    it(`a login at any moment of ${what} ends logged in, and its content stays unknown to the old key`, () => {
      const logins = new Map<string, string | null>()
      return atEveryMoment(
        openStore,
        async (store, key) => {
          const login = await loaded(store, key)
          login.set('_auth_user_id', '1')
          await rotateKey(login, 'join')
          logins.set(key, login.sessionKey)
        },
        work,
        async ({ store, key, moment }) => {
          const found = await content(store, logins.get(key) ?? null)
          assert.equal(found[USER_ID_KEY], '1', `at moment ${moment}`)
          assert.deepEqual(await content(store, key), {}, `at moment ${moment}`)
        },
      )
    })
  }

  it('a change of key at any moment of a flush stays a flush', () => {
    const moved = new Map<string, string | null>()
    return atEveryMoment(
      openStore,
      async (store, key) => {
        const other = await loaded(store, key)
        if (other.sessionKey === null) return
        await other.cycleKey().catch((error: unknown) => assert.ok(error instanceof SessionInterrupted))
        moved.set(key, other.sessionKey)
      },
      (session) => session.flush(),
      async ({ store, key, moment }) => {
        for (const each of [key, moved.get(key) ?? null]) {
          assert.deepEqual(await content(store, each), {}, `at moment ${moment}`)
        }
      },
    )
  })

  it('a login at any moment of another login of the same user: both end in one session', () => {
    const others = new Map<string, string | null>()
    const logIn = async (session: Session, name: string): Promise<void> => {
      session.set('_auth_user_id', '1')
      session.set(name, true)
      await rotateKey(session, 'join')
    }
    return atEveryMoment(
      openStore,
      async (store, key) => {
        const other = await loaded(store, key)
        await logIn(other, 'second')
        others.set(key, other.sessionKey)
      },
      (session) => logIn(session, 'first'),
      async ({ store, key, session, moment }) => {
        const expected = { before: 1, _auth_user_id: '1', first: true, second: true }
        for (const each of [session.sessionKey, others.get(key) ?? null]) {
          assert.deepEqual(await content(store, each), expected, `at moment ${moment}`)
        }
      },
    )
  })

  it('a login as another user gets a session of its own, without what was put into the first after it moved', async () => {
    const store = await open()
    const old = await saved(store, { cart: 1 })
    const [ada, bob] = [await loaded(store, old), await loaded(store, old)]
    ada.set('_auth_user_id', 'ada')
    await rotateKey(ada, 'join')
    ada.set('private', 1)
    await ada.save()
    bob.set('_auth_user_id', 'bob')
    await rotateKey(bob, 'join')
    const late = await loaded(store, old)
    late.set('_auth_user_id', 'bob')
    await rotateKey(late, 'join')
    assert.deepEqual(await content(store, bob.sessionKey), { cart: 1, _auth_user_id: 'bob' })
    assert.deepEqual(await content(store, late.sessionKey), { _auth_user_id: 'bob' })
    assert.deepEqual(await content(store, ada.sessionKey), { cart: 1, _auth_user_id: 'ada', private: 1 })
  })

  it('a login whose earlier session was ended in the meantime gets a new one, without its content', async () => {
    const store = await open()
    const login = await loaded(store, await saved(store, { cart: 1 }))
    await openSession(store, login.sessionKey).delete()
    login.set('_auth_user_id', '1')
    await rotateKey(login, 'join')
    assert.deepEqual(await content(store, login.sessionKey), { _auth_user_id: '1' })
  })

  it('keeps the session under the new key when the outcome of the last step of a change of key is unknown', async () => {
    for (const isCarriedOut of [true, false]) {
      const store = await open()
      const old = await saved(store, { a: 1 })
      const failing = Object.create(store, {
        load: { value: (key: string) => store.load(key) },
        create: { value: (record: SessionRecord) => store.create(record) },
        update: {
          value: async (...args: Parameters<SessionStore['update']>) => {
            if (isCarriedOut) await store.update(...args)
            throw new Error('connection lost')
          },
        },
      }) as SessionStore
      const session = await loaded(failing, old)
      await assert.rejects(session.cycleKey(), /connection lost/)
      assert.notEqual(session.sessionKey, old)
      assert.deepEqual(await content(store, session.sessionKey), { a: 1 })
    }
  })

  it('a change of password takes the session back from a key that another request has moved it to', async () => {
    const store = await open()
    const old = await saved(store, { _auth_user_id: '1' })
    const [owner, thief] = [await loaded(store, old), await loaded(store, old)]
    thief.set('theirs', 1)
    await thief.cycleKey()
    owner.set('_auth_user_hash', 'new')
    await rotateKey(owner, 'replace')
    assert.deepEqual(await content(store, thief.sessionKey), {})
    assert.deepEqual(await content(store, owner.sessionKey), { _auth_user_id: '1', _auth_user_hash: 'new', theirs: 1 })
  })
}
