/** A project's own engine works like the built-in ones, and passes the contract tests. */
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { openSession, type SessionDict, type SessionRecord } from '#core/contrib/sessions'
import { SessionStore as CacheStore } from '#core/contrib/sessions/backends/cache'
import { SessionStore as DatabaseStore } from '#core/contrib/sessions/backends/db'
import { connection, connections } from '#core/db'
import { Client, sessionEngineTests } from '#core/test'
import { fastPaths } from '#core/utils'
import { LocMemCache } from '../../../core/cache/backends/locmem.ts'
import { TimeoutStore } from '../../../core/contrib/sessions/timeout_store.ts'
import { temporaryFolder } from '../../services.ts'
import { inDatabase, withDatabase } from './database.ts'
import { MemoryStore } from './memory_store.ts'

/** Django's example: a fourth column with the user of the session. */
class AccountStore extends DatabaseStore {
  constructor(alias = 'default') {
    const extraColumns = (data: Readonly<SessionDict>) => ({ account_id: data._auth_user_id ?? null })
    super({ alias, table: 'account_session', extraColumns })
  }
}

const createTable = (alias = 'default') =>
  connections.get(alias).schema.createTable('account_session', (table) => {
    table.string('session_key', 40).primary()
    table.text('session_data').notNullable()
    table.datetime('expire_date').notNullable()
    table.string('account_id')
  })

describe('a custom session engine', () => {
  before(() => setup())

  it('is loaded from SESSION_ENGINE', () =>
    withDatabase(
      async () => {
        const client = new Client()
        for (const n of [1, 2]) expect((await client.get('/count')).text).to.equal(String(n))
      },
      {
        ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
        SESSION_ENGINE: 'test.contrib.sessions.fixtures.memory_engine',
      },
    ))

  it('is read by its own load(), also where the built-in engine would read synchronously', () => {
    class CountingStore extends DatabaseStore {
      loads = 0
      override load(key: string): ReturnType<DatabaseStore['load']> {
        this.loads++
        return super.load(key)
      }
    }
    const NAME = path.join(temporaryFolder('engine'), 'db.sqlite3')
    return withDatabase(
      async () => {
        expect(new DatabaseStore()).to.have.property('loadSync')
        const store = new CountingStore()
        expect(store.loadSync).to.equal(undefined)
        const { key } = await store.create({ data: { a: 1 }, expiresAt: Date.now() + 100_000 })
        expect((await openSession(store, key).load()).a).to.equal(1)
        expect(store.loads).to.equal(1)
      },
      { DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME } } },
    )
  })

  it('is read by its own load() on a cache, and by that of the cache backend', async () => {
    const backend = { location: 'own ways to read', options: {} }
    const cache = new Cache(new LocMemCache(backend))
    let loads = 0
    class CountingStore extends CacheStore {
      override load(key: string): ReturnType<CacheStore['load']> {
        loads++
        return super.load(key)
      }
    }
    class CountingCache extends LocMemCache {
      override getWithToken(key: string): ReturnType<LocMemCache['getWithToken']> {
        loads++
        return super.getWithToken(key)
      }
    }
    const usual = new CacheStore({ cache })
    const { key } = await usual.create({ data: { a: 1 }, expiresAt: Date.now() + 100_000 })
    // Without fast paths, no cache is read synchronously.
    expect(usual.loadSync?.(key)?.data).to.deep.equal(fastPaths ? { a: 1 } : undefined)
    const own = [new CountingStore({ cache }), new CacheStore({ cache: new Cache(new CountingCache(backend)) })]
    for (const store of own) {
      expect(store.loadSync).to.equal(undefined)
      expect((await openSession(store, key).load()).a).to.equal(1)
    }
    expect(loads).to.equal(2)
  })

  it('may return only a key from create() and update(), and nothing from delete()', async () => {
    class TerseStore extends MemoryStore {
      override async create(record: SessionRecord): Promise<never> {
        return (await super.create(record)).key as never
      }

      override async update(key: string, record: SessionRecord, version: string): Promise<never> {
        return (await super.update(key, record, version)).key as never
      }

      override async delete(key: string, version?: string): Promise<never> {
        return (await super.delete(key, version), undefined) as never
      }
    }
    for (const store of [new TerseStore(), new TimeoutStore(new TerseStore())]) {
      const session = openSession(store)
      session.set('x', 1)
      await session.save()
      session.set('x', 2)
      await session.save()
      const first = session.sessionKey as string
      await session.cycleKey()
      expect(session.sessionKey).to.be.a('string').and.not.equal(first)
      expect(await openSession(store, first).load()).to.deep.equal({})
      expect(await openSession(store, session.sessionKey).load()).to.deep.equal({ x: 2 })
      await session.flush()
      expect(session.sessionKey).to.equal(null)
    }
  })

  describe('with a column of its own', () => {
    inDatabase()
    before(() => createTable())

    it('fills the column on insert and on update', async () => {
      const { openSession } = await import('#core/contrib/sessions')
      const session = openSession(new AccountStore())
      const accounts = () => connection('account_session').pluck('account_id')
      session.set('x', 1)
      await session.save()
      expect(await accounts()).to.deep.equal([null])
      session.set('_auth_user_id', '42')
      await session.save()
      expect(await accounts()).to.deep.equal(['42'])
    })

    sessionEngineTests('with an extra column', () => new AccountStore())
  })

  it('may live in another database', () => {
    const sqlite = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }
    return withDatabase(
      async () => {
        await createTable('other')
        const key = await new AccountStore('other').create({ data: { a: 1 }, expiresAt: Date.now() + 1000 })
        expect((await new AccountStore('other').load(key.key))?.data).to.deep.equal({ a: 1 })
        expect(await connections.get('other')('account_session').pluck('session_key')).to.deep.equal([key.key])
      },
      { DATABASES: { default: { ...sqlite }, other: { ...sqlite } } },
    )
  })
})
