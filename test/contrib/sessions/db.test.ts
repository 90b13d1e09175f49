/** Exact comparisons of the db engine on every database, and its recovery from an outage. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { encodeSession, openSession, openSessionStore, SessionConflict } from '#core/contrib/sessions'
import { SessionStore } from '#core/contrib/sessions/backends/db'
import { connection } from '#core/db'
import { captureLogs } from '#core/utils'
import { databases, onEachDatabase } from '../../services.ts'
import { inDatabase } from './database.ts'

const all = await databases('sessions_db')

const later = (): number => Date.now() + 1_000_000

describe('the db engine', () => {
  before(() => setup())

  onEachDatabase(all, (database) => {
    inDatabase({ DATABASES: { default: database.config }, SESSION_ENGINE: 'core.contrib.sessions.backends.db' })

    it('compares versions byte for byte, even if the collation of the database does not', async () => {
      const store = new SessionStore()
      const { key, version } = await store.create({ data: { a: 1 }, expiresAt: later() })
      for (const other of [version.toUpperCase(), version.toLowerCase(), `${version} `]) {
        const error = await store.update(key, { data: {}, expiresAt: later() }, other).catch((each: unknown) => each)
        expect(error).to.be.instanceOf(SessionConflict)
      }
      expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
    })

    it('rejects its promise for data that JSON cannot hold, and never throws synchronously', async () => {
      const store = new SessionStore()
      const { key, version } = await store.create({ data: { a: 1 }, expiresAt: later() })
      const endless: Record<string, unknown> = {}
      endless.itself = endless
      const record = { data: endless, expiresAt: later() }
      const refused = [store.create(record), store.update(key, record, version)]
      for (const { status } of await Promise.allSettled(refused)) expect(status).to.equal('rejected')
      expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
    })

    it('compares keys byte for byte', async () => {
      const store = new SessionStore()
      const { key } = await store.create({ data: { a: 1 }, expiresAt: later() })
      expect(await store.load(key.toUpperCase())).to.equal(undefined)
      expect(await store.load(`${key} `)).to.equal(undefined)
    })

    it('reports the expiry of a loaded session, also when read later, and 0 for one deleted meanwhile', async () => {
      const store = new SessionStore()
      const end = Math.floor(later() / 1000) * 1000
      const { key } = await store.create({ data: {}, expiresAt: end })
      const loaded = await store.load(key)
      expect(loaded?.expiresAt).to.equal(end)
      const before = store.loadSync?.(key)
      await store.delete(key)
      expect(before?.expiresAt ?? 0).to.equal(0)
    })

    it('saves a session of one megabyte', async () => {
      const store = new SessionStore()
      const data = { text: Array.from({ length: 40_000 }, (_, i) => `word${i * 7919}`).join(' ') }
      const { key } = await store.create({ data, expiresAt: later() })
      expect((await store.load(key))?.data).to.deep.equal(data)
    })

    it('reads an invalid row as empty, and overwrites it', async () => {
      const release = captureLogs(() => {})
      try {
        const store = new SessionStore()
        const { key } = await store.create({ data: { a: 1 }, expiresAt: later() })
        for (const text of ['', 'garbage', encodeSession({ a: 1 }).slice(1)]) {
          await connection('django_session').where('session_key', key).update({ session_data: text })
          const session = openSession(store, key)
          expect(await session.load()).to.deep.equal({})
          session.set('new', true)
          await session.save()
          expect((await store.load(key))?.data).to.deep.equal({ new: true })
        }
      } finally {
        release()
      }
    })

    it('recovers after its connections were cut', async function () {
      const cuts: Record<string, string> = {
        postgresql:
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        mysql: '',
      }
      if (database.vendor === 'sqlite') return
      const store = openSessionStore()
      const saved = await store.create({ data: { a: 1 }, expiresAt: later() })
      const key = typeof saved === 'string' ? saved : saved.key
      if (database.vendor === 'postgresql') await connection.raw(cuts.postgresql as string)
      else {
        const [ids] = (await connection.raw('select id from information_schema.processlist where db = database()')) as [
          { id: number }[],
        ]
        for (const { id } of ids) await connection.raw(`kill ${id}`).catch(() => {})
      }
      // The pool may contain one dead connection for each that it had, so a client retries.
      let found: unknown
      for (let visit = 0; visit < 12 && found === undefined; visit++) {
        found = await store.load(key).then(
          (loaded) => loaded?.data,
          () => undefined,
        )
      }
      expect(found).to.deep.equal({ a: 1 })
    })
  })
})
