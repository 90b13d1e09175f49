/** SQLite: the setup of its connection, and invalid entries of DATABASES. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, projectRoot } from '#core/conf'
import { connection, connections, type DatabaseSettings, isConnectionError, transaction } from '#core/db'

const ENGINE = 'core.db.backends.sqlite3'

describe('SQLite', () => {
  let folder = ''
  let file = ''

  before(async () => {
    await setup()
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-sqlite-'))
    file = path.join(folder, 'db.sqlite3')
  })
  after(() => rmSync(folder, { recursive: true }))

  const using = (entry: Partial<DatabaseSettings>, fn: () => Promise<void> | void) =>
    overrideSettings({ DATABASES: { default: { ENGINE, NAME: file, ...entry } } }, fn)

  const pragma = async (name: string): Promise<unknown> => {
    const [row] = (await connection.raw(`PRAGMA ${name}`)) as Record<string, unknown>[]
    return Object.values(row ?? {})[0]
  }

  it('uses WAL mode, a busy timeout and foreign keys', () =>
    using({}, async () => {
      expect(await pragma('journal_mode')).to.equal('wal')
      expect(await pragma('synchronous')).to.equal(1)
      expect(await pragma('busy_timeout')).to.equal(0)
      expect(await pragma('foreign_keys')).to.equal(1)
    }))

  it('takes timeout in seconds and init_command from OPTIONS', () =>
    using({ OPTIONS: { timeout: 2, init_command: 'PRAGMA cache_size = 77; PRAGMA synchronous = OFF' } }, async () => {
      expect(await pragma('cache_size')).to.equal(77)
      expect(await pragma('synchronous')).to.equal(0)
    }))

  it('opens the file NAME, relative to the directory of settings.ts', () =>
    using({ NAME: 'some.sqlite3' }, () => {
      const { client } = connections.database().pool as unknown as { client: { connectionSettings: object } }
      expect(client.connectionSettings).to.include({ filename: path.join(projectRoot(), 'some.sqlite3') })
    }))

  it('keeps a database in memory until it is closed', () =>
    using({ NAME: ':memory:' }, async () => {
      await connection.raw('CREATE TABLE a (x)')
      await Promise.all([1, 2, 3].map((x) => connection('a').insert({ x })))
      expect(await connection('a').pluck('x')).to.deep.equal([1, 2, 3])
    }))

  it('locks at the start of a transaction, so that a read can become a write', () =>
    using({ OPTIONS: { timeout: 0 } }, async () => {
      await connection.raw('CREATE TABLE IF NOT EXISTS counters (n)')
      const other = new BetterSqlite3(file, { timeout: 0 })
      try {
        await transaction(async (trx) => {
          await trx('counters').select()
          expect(() => other.exec('INSERT INTO counters VALUES (1)')).to.throw('locked')
          await trx('counters').insert({ n: 2 })
        })
        other.exec('BEGIN IMMEDIATE')
        const error = await transaction(async () => {}).catch((thrown: unknown) => thrown)
        expect(isConnectionError(error), String(error)).to.equal(true)
      } finally {
        other.close()
      }
    }))

  it('waits for a lock of another process as long as timeout says, and blocks nothing', () =>
    using({ OPTIONS: { timeout: 0.4 } }, async () => {
      await connection.raw('CREATE TABLE IF NOT EXISTS waiting (n)')
      const other = new BetterSqlite3(file)
      let longest = 0
      let last = performance.now()
      const ticks = setInterval(() => {
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      }, 5)
      try {
        other.exec('BEGIN IMMEDIATE')
        for (const work of [() => connection('waiting').insert({ n: 1 }), () => transaction(async () => {})]) {
          const began = performance.now()
          const error = await Promise.resolve(work()).catch((thrown: unknown) => thrown)
          expect(isConnectionError(error), String(error)).to.equal(true)
          expect(performance.now() - began).to.be.lessThan(700)
        }
        const writing = connection('waiting').insert({ n: 2 })
        setTimeout(() => other.exec('COMMIT'), 100)
        await connection('waiting').select()
        await writing.catch(() => undefined)
        await connection('waiting').insert({ n: 3 })
        expect(longest).to.be.lessThan(100)
      } finally {
        clearInterval(ticks)
        other.close()
      }
    }))

  it('uses a statement again after the table has changed', () =>
    using({ NAME: ':memory:' }, async () => {
      await connection.raw('CREATE TABLE a (x)')
      await connection('a').insert({ x: 1 })
      expect(await connection('a').select()).to.deep.equal([{ x: 1 }])
      await connection.raw('ALTER TABLE a ADD COLUMN y DEFAULT 5')
      expect(await connection('a').select()).to.deep.equal([{ x: 1, y: 5 }])
      await connection.raw('DROP TABLE a')
      await connection.raw('CREATE TABLE a (z)')
      expect(await connection('a').select()).to.deep.equal([])
    }))

  it('works with more distinct statements than it caches', () =>
    using({ NAME: ':memory:' }, async () => {
      for (let round = 0; round < 2; round++) {
        for (let n = 0; n < 250; n++) expect(await connection.raw(`SELECT ${n} AS n`)).to.deep.equal([{ n }])
      }
    }))

  const wrong: [string, Partial<DatabaseSettings>, string][] = [
    ['no NAME', { NAME: '' }, "DATABASES['default'].NAME is missing"],
    [
      'a folder that is not there',
      { NAME: '/no/such/folder/db' },
      'there is no folder /no/such/folder. Make the folder',
    ],
    ['a URI', { NAME: 'file:memory?mode=memory' }, "is a 'file:' URI"],
    ['an invalid mode', { OPTIONS: { transaction_mode: 'SLOW' } }, 'should be DEFERRED or IMMEDIATE or EXCLUSIVE'],
  ]
  for (const [what, entry, message] of wrong) {
    it(`refuses ${what}`, () =>
      using(entry, () => {
        expect(() => connections.get().client as unknown).to.throw(message)
      }))
  }
})
