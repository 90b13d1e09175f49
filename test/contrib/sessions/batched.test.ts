/** Saves of many requests are sent as one batch. Each save depends on its own version and has its own result. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { encodeSession, newSessionKey, SessionConflict, SessionGone } from '#core/contrib/sessions'
import { SessionStore } from '#core/contrib/sessions/backends/db'
import { connection, connections, isConnectionError, toDatabaseDate, transaction } from '#core/db'
import { tickEnd } from '#core/concurrency'
import { fastPaths } from '#core/utils'
import { BatchedTable } from '../../../core/contrib/sessions/tables/fast/batched_table.ts'
import { KnexTable } from '../../../core/contrib/sessions/tables/knex_table.ts'
import type { Change, SessionTable } from '../../../core/contrib/sessions/tables/session_table.ts'
import { databases, onEachDatabase, requireFastPaths } from '../../services.ts'
import { inDatabase } from './database.ts'

const all = await databases('batched')

const MANY = 20
const later = (): number => Date.now() + 1_000_000

interface Saved {
  readonly key: string
  readonly version: string
}

const names = (settled: readonly PromiseSettledResult<unknown>[]): string[] =>
  settled.map((each) => (each.status === 'fulfilled' ? 'saved' : (each.reason as Error).constructor.name))

const newTable = (): SessionTable => new (fastPaths ? BatchedTable : KnexTable)('default', 'django_session')

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

describe('batched sessions', () => {
  before(() => setup())

  onEachDatabase(all, (database) => {
    const isSqlite = database.vendor === 'sqlite'
    let statements: string[] = []
    // The SQLite fast path bypasses knex, so the driver reports the statements.
    const OPTIONS = isSqlite ? { verbose: (sql: string): void => void statements.push(sql) } : {}
    inDatabase({
      DATABASES: { default: { ...database.config, OPTIONS: { ...database.config.OPTIONS, ...OPTIONS } } },
      SESSION_ENGINE: 'core.contrib.sessions.backends.db',
    })

    const made = (store: SessionStore, many = MANY, expiresAt = later()): Promise<Saved[]> =>
      Promise.all(Array.from({ length: many }, (_, i) => store.create({ data: { i }, expiresAt })))

    const change = ({ key, version }: Saved, expire_date = toDatabaseDate(later())): Change => ({
      key,
      version,
      columns: { session_data: encodeSession({ new: key }), expire_date },
    })

    it('are saved by one statement, or in one transaction, for twenty requests', async function () {
      requireFastPaths(this)
      const store = new SessionStore()
      const saved = await made(store)
      const listen = ({ sql }: { sql: string }): void => void statements.push(sql)
      const { pool } = connections.database()
      if (!isSqlite) pool.on('query', listen)
      statements = []
      await Promise.all(saved.map(({ key, version }) => store.update(key, { data: {}, expiresAt: later() }, version)))
      pool.removeListener('query', listen)
      const outer = statements.filter((sql) => !isSqlite || /^(begin|commit)/i.test(sql))
      expect(outer).to.have.length({ sqlite: 2, postgresql: 1, mysql: 4 }[database.vendor])
    })

    it('overwrite only their own version', async () => {
      const store = new SessionStore()
      const saved = await made(store)
      // Every third session was changed by another client meanwhile, every fifth deleted.
      for (const [i, { key, version }] of saved.entries()) {
        if (i % 5 === 0) await store.delete(key)
        else if (i % 3 === 0) await store.update(key, { data: { other: i }, expiresAt: later() }, version)
      }
      const settled = await Promise.allSettled(
        saved.map(({ key, version }, i) => store.update(key, { data: { mine: i }, expiresAt: later() }, version)),
      )
      const expected = saved.map((_, i) => {
        return i % 5 === 0 ? SessionGone.name : i % 3 === 0 ? SessionConflict.name : 'saved'
      })
      expect(names(settled)).to.deep.equal(expected)
      const found = await Promise.all(saved.map(({ key }) => store.load(key)))
      const data = saved.map((_, i) => (i % 5 === 0 ? undefined : i % 3 === 0 ? { other: i } : { mine: i }))
      expect(found.map((each) => each?.data)).to.deep.equal(data)
    })

    for (const [how, many] of [
      ['alone', 1],
      ['together', MANY],
    ] as const) {
      it(`are neither loaded nor saved again after they have expired, ${how}`, async () => {
        const store = new SessionStore()
        const gone = await made(store, many, Date.now() - 1000)
        const loaded = await Promise.all(gone.map(({ key }) => store.load(key)))
        expect(loaded).to.deep.equal(gone.map(() => undefined))
        const record = { data: {}, expiresAt: later() }
        const settled = await Promise.allSettled(gone.map(({ key, version }) => store.update(key, record, version)))
        expect(names(settled)).to.deep.equal(gone.map(() => SessionGone.name))
      })
    }

    it('overwrite any stored string, whichever program wrote it', async () => {
      const strings = [
        '',
        '"',
        "it's",
        '\\',
        '{a,b}',
        'NULL',
        'one\ntwo',
        'ünï 😀',
        ' at the edges ',
        'x'.repeat(10_000),
      ]
      const saved = await made(new SessionStore(), strings.length)
      for (const [i, text] of strings.entries()) {
        await connection('django_session').where('session_key', saved[i]?.key).update({ session_data: text })
      }
      const table = newTable()
      const written = saved.map((each, i) => table.update(change({ ...each, version: strings[i] as string })))
      expect(await Promise.all(written)).to.deep.equal(strings.map(() => true))
    })

    it('let only one of two writers of a session succeed, even in one tick', async () => {
      const store = new SessionStore()
      const [{ key, version }] = (await made(store, 1)) as [Saved]
      const write = (n: number) => store.update(key, { data: { n }, expiresAt: later() }, version)
      const settled = await Promise.allSettled([write(1), write(2), write(3)])
      const winner = settled.findIndex(({ status }) => status === 'fulfilled')
      // In a batch the first one succeeds. Separate statements may arrive in any order.
      if (fastPaths) expect(winner).to.equal(0)
      const others = [SessionConflict.name, SessionConflict.name]
      expect(names(settled)).to.deep.equal(others.toSpliced(winner, 0, 'saved'))
      expect((await store.load(key))?.data).to.deep.equal({ n: winner + 1 })
    })

    it('fail separately: one that the database refuses leaves the others saved', async () => {
      const table = newTable()
      const saved = await made(new SessionStore())
      const settled = await Promise.allSettled(
        saved.map((each, i) => table.update(i === 7 ? change(each, null as never) : change(each))),
      )
      expect(settled.filter(({ status }) => status === 'rejected')).to.have.length(1)
      expect(settled[7]?.status).to.equal('rejected')
      expect(isConnectionError((settled[7] as PromiseRejectedResult).reason)).to.equal(false)
      const rows = await Promise.all(saved.map(({ key }) => table.load(key)))
      const strings = saved.map(({ key, version }, i) => (i === 7 ? version : encodeSession({ new: key })))
      // The timestamp in a signed string is the second in which it was signed.
      const payload = (text: string | undefined): string | undefined => text?.split(':')[0]
      expect(rows.map((row) => payload(row?.session_data))).to.deep.equal(strings.map(payload))
    })

    it('are inserted under other keys if theirs exist', async () => {
      const [taken] = (await made(new SessionStore(), 1)) as [Saved]
      let draws = 0
      const newKey = (): string => (draws++ % 2 === 0 ? taken.key : newSessionKey())
      const store = new SessionStore({ newKey })
      const saved = await made(store, 5)
      expect(new Set(saved.map(({ key }) => key)).size).to.equal(5)
      expect(saved.map(({ key }) => key)).to.not.include(taken.key)
      expect((await store.load(taken.key))?.version).to.equal(taken.version)
    })

    it('are loaded together, also the same one by many requests', async () => {
      const store = new SessionStore()
      const saved = await made(store, 3)
      const keys = [...saved, ...saved, { key: 'x'.repeat(32) }].map(({ key }) => key)
      const found = await Promise.all(keys.map((key) => store.load(key)))
      expect(found.map((each) => each?.data)).to.deep.equal(
        [0, 1, 2, 0, 1, 2].map((i) => ({ i })).concat([undefined as never]),
      )
    })

    it('are part of only the transaction that they are saved in', async () => {
      const store = new SessionStore()
      const [mine, others] = (await made(store, 2)) as [Saved, Saved]
      const undone = new Error('rolled back')
      const rolledBack = transaction(async () => {
        await store.update(mine.key, { data: { mine: true }, expiresAt: later() }, mine.version)
        expect((await store.load(mine.key))?.data).to.deep.equal({ mine: true })
        throw undone
      })
      const beside = store.update(others.key, { data: { others: true }, expiresAt: later() }, others.version)
      expect(await rolledBack.catch((error: unknown) => error)).to.equal(undone)
      await beside
      expect((await store.load(mine.key))?.version).to.equal(mine.version)
      expect((await store.load(others.key))?.data).to.deep.equal({ others: true })
    })

    it('are not rolled back with the transaction of another task', async () => {
      const store = new SessionStore()
      const [mine, others] = (await made(store, 2)) as [Saved, Saved]
      const [inTheMiddle, letGo] = [withResolvers(), withResolvers()]
      const rolledBack = transaction(async () => {
        await store.update(mine.key, { data: { mine: true }, expiresAt: later() }, mine.version)
        inTheMiddle.resolve()
        await letGo.promise
        throw new Error('rolled back')
      }).catch(String)
      await inTheMiddle.promise
      const beside = store.update(others.key, { data: { others: true }, expiresAt: later() }, others.version)
      // A save is sent at the end of a tick. If it joined the transaction, it would be inside it by now.
      for (let turn = 0; turn < 3; turn++) await tickEnd()
      letGo.resolve()
      expect(await rolledBack).to.equal('Error: rolled back')
      await beside
      expect((await store.load(mine.key))?.version).to.equal(mine.version)
      expect((await store.load(others.key))?.data).to.deep.equal({ others: true })
    })

    it('are read as committed, even if another task is in the middle of a transaction', async () => {
      const store = new SessionStore()
      if (store.loadSync === undefined) return
      const [{ key, version }] = (await made(store, 1)) as [Saved]
      await transaction(async () => {
        await connection('django_session').where('session_key', key).update({ session_data: 'half done' })
        expect(store.loadSync?.(key)?.version).to.equal(version)
      })
      expect(store.loadSync(key)?.version).to.equal('half done')
    })
  })
})
