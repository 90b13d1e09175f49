/** cached_db: an entry never outlives or precedes its row, and the engine works without its cache. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { openSession, type SessionStore as Store } from '#core/contrib/sessions'
import { captureLogs } from '#core/utils'
import { LocMemCache } from '../../../core/cache/backends/locmem.ts'
import { KEY_PREFIX, SessionStore } from '../../../core/contrib/sessions/backends/cached_db.ts'
import { SessionStore as DatabaseStore } from '../../../core/contrib/sessions/backends/db.ts'
import { inDatabase } from './database.ts'

describe('cached_db', () => {
  let cache: Cache
  let database: DatabaseStore
  before(() => setup())
  inDatabase()
  beforeEach(async () => {
    cache = new Cache(new LocMemCache({ location: 'cached_db', options: {} }))
    await cache.clear()
    database = new DatabaseStore()
  })

  const store = (): SessionStore => new SessionStore({ cache, database })

  async function saved(data: Record<string, unknown>): Promise<string> {
    const session = openSession(store())
    session.update(data)
    await session.save()
    return session.sessionKey as string
  }

  const content = (key: string, from: Store = store()): Promise<Record<string, unknown>> =>
    openSession(from, key).load()

  /** A cache with some methods replaced. */
  const cacheWith = (methods: Partial<Cache>): Cache =>
    new Proxy(cache, {
      get(target, name) {
        const member: unknown = Reflect.get(name in methods ? methods : target, name)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })

  it('reads only the cache when the session is there', async () => {
    const key = await saved({ n: 1 })
    const loads = { load: () => Promise.reject(new Error('asked')) } as unknown as Store
    expect(await content(key, new SessionStore({ cache, database: loads }))).to.deep.equal({ n: 1 })
  })

  it('fills the cache with what it read from the database', async () => {
    const key = await saved({ n: 1 })
    await cache.clear()
    expect(await content(key)).to.deep.equal({ n: 1 })
    expect(await cache.get(KEY_PREFIX + key)).to.deep.equal({ n: 1 })
  })

  /** Reads with a cold cache; `fn` runs between the read of the row and the write to the cache. */
  async function readSlowly(key: string, filled: Cache, meanwhile: () => Promise<unknown>): Promise<void> {
    await cache.clear()
    const slow = Object.assign(new DatabaseStore(), {
      async load(each: string) {
        const found = await database.load(each)
        await meanwhile()
        return found
      },
    })
    await content(key, new SessionStore({ cache: filled, database: slow }))
  }

  const change = async (key: string): Promise<void> => {
    const session = openSession(store(), key)
    await session.load()
    session.set('n', 2)
    await session.save()
  }

  it('does not put a deleted session back into the cache', async () => {
    const key = await saved({ n: 1 })
    await readSlowly(key, cache, () => store().delete(key))
    expect(await content(key)).to.deep.equal({})
  })

  it('does not put an earlier state back into the cache', async () => {
    const key = await saved({ n: 1 })
    await readSlowly(key, cache, () => change(key))
    expect(await content(key)).to.deep.equal({ n: 2 })
  })

  it('would do both if it filled the cache unconditionally', async () => {
    const careless = cacheWith({ add: (...args) => cache.set(...args).then(() => true) })
    const deleted = await saved({ n: 1 })
    await readSlowly(deleted, careless, () => store().delete(deleted))
    expect(await content(deleted)).to.deep.equal({ n: 1 })
    const changed = await saved({ n: 1 })
    await readSlowly(changed, careless, () => change(changed))
    expect(await content(changed)).to.deep.equal({ n: 1 })
  })

  it('notices that the row changed without the cache', async () => {
    const key = await saved({ n: 1 })
    const direct = openSession(database, key)
    await direct.load()
    direct.set('direct', true)
    await direct.save()
    const session = openSession(store(), key)
    await session.load()
    session.set('mine', true)
    await session.save()
    expect(await content(key)).to.deep.equal({ n: 1, direct: true, mine: true })
  })

  it('keeps no entry longer than its row', async () => {
    const session = openSession(store())
    session.set('n', 1)
    session.setExpiry(-10)
    await session.save()
    expect(await cache.hasKey(KEY_PREFIX + session.sessionKey)).to.equal(false)
  })

  it('works without its cache, and logs the failure', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('cache is down'))
    const broken = cacheWith({ get: fail, gets: fail, set: fail, add: fail, cas: fail, delete: fail })
    const logged: string[] = []
    const release = captureLogs(({ logger }) => logged.push(logger))
    try {
      const down = new SessionStore({ cache: broken, database })
      const session = openSession(down)
      session.set('n', 1)
      await session.save()
      const key = session.sessionKey as string
      expect(await content(key, down)).to.deep.equal({ n: 1 })
      const again = openSession(down, key)
      await again.load()
      again.set('n', 2)
      await again.save()
      expect(await content(key, down)).to.deep.equal({ n: 2 })
      await again.flush()
      expect(await content(key, down)).to.deep.equal({})
    } finally {
      release()
    }
    expect(new Set(logged)).to.deep.equal(new Set(['django.contrib.sessions']))
  })

  describe('after an outage of its cache', () => {
    let isDown: boolean
    let release: () => void
    beforeEach(() => {
      isDown = false
      release = captureLogs(() => {})
    })
    afterEach(() => release())

    /** The cache as seen by a process that cannot reach it during the outage. */
    const failing = (): Cache =>
      new Proxy(cache, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          return (...args: unknown[]): unknown =>
            isDown ? Promise.reject(new Error('cache is down')) : Reflect.apply(member, target, args)
        },
      })

    const process = (): SessionStore => new SessionStore({ cache: failing(), database })

    const opened = async (from: Store, key: string) => {
      const session = openSession(from, key)
      await session.load()
      return session
    }

    it('keeps a session ended that was ended during the outage', async () => {
      const [key, own] = [await saved({ n: 1 }), process()]
      isDown = true
      await (await opened(own, key)).flush()
      isDown = false
      expect(await cache.get(KEY_PREFIX + key)).to.deep.equal({ n: 1 })
      expect(await content(key, own)).to.deep.equal({})
      expect(await own.exists(key)).to.equal(false)
      expect(await cache.get(KEY_PREFIX + key)).to.equal(null)
    })

    it('reads the counts that were saved during the outage, and continues from them', async () => {
      const [key, own] = [await saved({ n: 5 }), process()]
      const count = async (): Promise<void> => {
        const session = await opened(own, key)
        await session.atomic((s) => s.set('n', Number(s.get<string>('n')) + 1))
      }
      isDown = true
      for (let i = 0; i < 5; i++) await count()
      isDown = false
      expect(await content(key, own)).to.deep.equal({ n: 10 })
      expect(await cache.get(KEY_PREFIX + key)).to.deep.equal({ n: 10 })
      await count()
      expect(await content(key, own)).to.deep.equal({ n: 11 })
    })

    it('does not load a session by a key that was rotated during the outage', async () => {
      const [key, own] = [await saved({ n: 1 }), process()]
      isDown = true
      const session = await opened(own, key)
      await session.cycleKey()
      isDown = false
      expect(await content(key, own)).to.deep.equal({})
      expect(await content(session.sessionKey as string, own)).to.deep.equal({ n: 1 })
    })

    it('compares an entry with its row once, then reads only the cache again', async () => {
      let loads = 0
      const counting = Object.assign(new DatabaseStore(), {
        load: (each: string) => (loads++, database.load(each)),
      })
      const [key, own] = [await saved({ n: 1 }), new SessionStore({ cache: failing(), database: counting })]
      isDown = true
      await content(key, own)
      isDown = false
      loads = 0
      for (let i = 0; i < 3; i++) expect(await content(key, own)).to.deep.equal({ n: 1 })
      expect(loads).to.equal(1)
    })

    it('blocks entries of rows that changed during the outage, also for processes that noticed no outage', async () => {
      const [key, own] = [await saved({ n: 1 }), process()]
      isDown = true
      await (await opened(own, key)).flush()
      isDown = false
      const end = Date.now() + 5000
      while ((await cache.get(KEY_PREFIX + key)) !== null && Date.now() < end) await new Promise(setImmediate)
      expect(await content(key)).to.deep.equal({})
    })
  })

  it('treats an invalid cache entry as a miss', async () => {
    const key = await saved({ n: 1 })
    for (const garbage of ['text', 7, [1, 2], true]) {
      await cache.set(KEY_PREFIX + key, garbage)
      expect(await content(key)).to.deep.equal({ n: 1 })
    }
  })
})
