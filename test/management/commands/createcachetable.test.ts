/** createcachetable creates the tables of database caches once, or prints their SQL. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, connections } from '#core/db'
import { callCommand, type CallOptions, CommandError, ListeningTerminal } from '#core/management'

const SQLITE = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }
const ofTable = (LOCATION: string, OPTIONS = {}) => ({
  BACKEND: 'core.cache.backends.db.DatabaseCache',
  LOCATION,
  OPTIONS,
})

const SETTINGS = {
  DATABASES: { default: SQLITE, other: SQLITE },
  CACHES: {
    default: { BACKEND: 'core.cache.backends.locmem.LocMemCache' },
    shop: ofTable('shop_cache'),
    same: ofTable('shop_cache'),
    far: ofTable('far_cache', { database: 'other' }),
  },
}

describe('createcachetable', () => {
  before(() => setup())

  const within = (body: () => Promise<void>): Promise<void> =>
    overrideSettings(SETTINGS, async () => {
      try {
        await body()
      } finally {
        await connections.close()
      }
    })

  async function run(options: CallOptions = {}, ...words: string[]): Promise<string> {
    const stdout = new ListeningTerminal()
    await callCommand('createcachetable', ...words, { stdout, ...options })
    return stdout.text
  }

  it('creates the tables of the caches in this database, and prints that only on request', () =>
    within(async () => {
      expect(await run()).to.equal('')
      expect(await connection.schema.hasTable('shop_cache')).to.equal(true)
      expect(await connection.schema.hasTable('far_cache')).to.equal(false)
      expect(await run({ database: 'other', verbosity: 2 })).to.equal("Cache table 'far_cache' created.\n")
      expect(await connections.get('other').schema.hasTable('far_cache')).to.equal(true)
    }))

  it('reports that a table exists', () =>
    within(async () => {
      await run()
      expect(await run()).to.equal("Cache table 'shop_cache' already exists.\n")
      expect(await run({ verbosity: 0 })).to.equal('')
    }))

  it('creates the named tables', () =>
    within(async () => {
      await run({}, 'one', 'two')
      for (const name of ['one', 'two']) expect(await connection.schema.hasTable(name)).to.equal(true)
      expect(await connection.schema.hasTable('shop_cache')).to.equal(false)
    }))

  it('prints the SQL and creates nothing in a dry run', () =>
    within(async () => {
      expect((await run({ dryRun: true })).replaceAll('`', '"')).to.equal(
        [
          'CREATE TABLE "shop_cache" (',
          '    "cache_key" varchar(255) NOT NULL PRIMARY KEY,',
          '    "value" text NOT NULL,',
          '    "expires" datetime NOT NULL',
          ');',
          'CREATE INDEX "shop_cache_expires" ON "shop_cache" ("expires");',
          '',
        ].join('\n'),
      )
      expect(await connection.schema.hasTable('shop_cache')).to.equal(false)
    }))

  it('fails with one sentence when a table cannot be created', () =>
    within(async () => {
      await connection.raw('CREATE VIEW taken AS SELECT 1')
      let error: unknown
      await run({}, 'taken').catch((caught: unknown) => (error = caught))
      expect(error).to.be.instanceOf(CommandError)
      expect((error as Error).message).to.match(/^Cache table 'taken' could not be created\.\nThe error was: /)
    }))
})
