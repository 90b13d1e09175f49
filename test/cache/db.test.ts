/** Only for the database cache: Django's table and dates, and the transaction of the caller. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache, CacheKeyNotFound, CacheTable } from '#core/cache'
import { connection, connections, transaction } from '#core/db'
import { overrideSettings } from '#core/conf'
import { setClock } from '#core/utils'
import { DatabaseCache } from '../../core/cache/backends/db.ts'
import { databases, onEachDatabase, type TestDatabase } from '../services.ts'
import { inDatabase } from './backends.ts'
import { rejection } from './until.ts'

const all = await databases('cachedb')

describe('the database cache', () => {
  before(() => setup())
  afterEach(() => setClock())

  onEachDatabase(all, (database: TestDatabase) => {
    const promise = (title: string, body: (cache: Cache) => Promise<void>): void => {
      it(title, () =>
        inDatabase(database, async () => {
          const table = new CacheTable('shop_cache')
          if (!(await table.exists())) await table.create()
          await body(new Cache(new DatabaseCache({ location: 'shop_cache', options: { MAX_ENTRIES: 1000 } })))
        }),
      )
    }

    const expires = async (): Promise<unknown> =>
      (await connection('shop_cache').first<{ text: unknown }>(connection.raw('cast(expires as char(26)) as text')))
        .text

    promise(
      'stores expiry dates as Django does: whole seconds, and the last possible one for no expiry',
      async (cache) => {
        setClock({ now: () => 1_718_452_800_700 })
        await cache.clear()
        await cache.set('key', 1, 60)
        expect(await expires()).to.match(/^2024-06-15 12:01:00(\.0+|\+00.*)?\s*$/)
        await cache.set('key', 1, null)
        expect(await expires()).to.match(/^9999-12-31 23:59:59/)
        await cache.set('key', 1, 1e12)
        expect(await expires()).to.match(/^9999-12-31 23:59:59/)
        expect(await cache.get('key')).to.equal(1)
      },
    )

    promise('keeps a value with a timeout of one second for one second', async (cache) => {
      setClock({ now: () => 1_718_452_800_900 })
      await cache.set('key', 1, 1)
      setClock({ now: () => 1_718_452_801_800 })
      expect(await cache.get('key')).to.equal(1)
      setClock({ now: () => 1_718_452_801_901 })
      expect(await cache.get('key')).to.equal(undefined)
    })

    promise('stores under a hash only the keys that the column cannot hold', async (cache) => {
      await cache.clear()
      for (const key of ['x'.repeat(253), 'a\0b', 'x'.repeat(252), '😀'.repeat(252), 'a b']) {
        await cache.set(key, key)
        expect(await cache.get(key)).to.equal(key)
      }
      const keys = (await connection('shop_cache').select<{ cache_key: string }[]>('cache_key')).map(
        ({ cache_key }) => cache_key,
      )
      expect(keys).to.include.members([`:1:${'x'.repeat(252)}`, `:1:${'😀'.repeat(252)}`, ':1:a b'])
      expect(keys.filter((key) => key.includes('~sha256~'))).to.have.length(2)
    })

    /** Keys that collations of MySQL take for equal. */
    const ALIKE = ['a', 'a ', 'a  ', 'A', 'A ', 'á', 'a\u0301', 'ａ', 'ss', 'ß', 'SS']

    promise('keeps keys apart that a collation takes for equal, in every operation', async (cache) => {
      await cache.clear()
      for (const [i, key] of ALIKE.entries()) {
        if (i % 2 === 0) await cache.set(key, i)
        else expect(await cache.add(key, i), key).to.equal(true)
        expect(await cache.add(key, -1), key).to.equal(false)
      }
      await cache.setMany(Object.fromEntries(ALIKE.map((key, i) => [key, i])))
      expect(await cache.getMany(ALIKE)).to.deep.equal(Object.fromEntries(ALIKE.map((key, i) => [key, i])))
      for (const [i, key] of ALIKE.entries()) {
        expect(await cache.incr(key, 100)).to.equal(i + 100)
        expect(await cache.touch(key, 500)).to.equal(true)
        const { token = '' } = (await cache.gets(key)) ?? {}
        expect(await cache.cas(key, `${i}`, token)).to.equal('stored')
      }
      for (const [i, key] of ALIKE.entries()) {
        expect(await cache.get(key)).to.equal(`${i}`)
        expect(await cache.delete(key)).to.equal(true)
        expect(await cache.hasKey(key)).to.equal(false)
        expect(await cache.getMany(ALIKE)).to.deep.equal(
          Object.fromEntries(ALIKE.map((each, j): [string, string] => [each, `${j}`]).slice(i + 1)),
        )
      }
    })

    if (database.vendor === 'mysql') {
      promise('never takes a key for another in a table of Django, which has room for one of them', async (cache) => {
        const table = 'shop_cache'
        await connection.schema.dropTable(table)
        // As the createcachetable of Django makes it, in a database whose collation ignores case.
        await connection.raw(
          `CREATE TABLE ${table} (cache_key varchar(255) NOT NULL PRIMARY KEY, value longtext NOT NULL,` +
            ' expires datetime(6) NOT NULL) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci',
        )
        try {
          for (const [i, key] of ALIKE.entries()) {
            if (i % 2 === 0) await cache.set(key, i)
            else expect(await cache.add(key, i), key).to.equal(true)
            expect(await cache.get(key), key).to.equal(i)
            expect(await cache.add(key, -1), key).to.equal(false)
            expect(await cache.incr(key, 100), key).to.equal(i + 100)
            for (const other of ALIKE.slice(0, i)) {
              expect([undefined, ALIKE.indexOf(other) + 100], other).to.include(await cache.get(other))
            }
          }
          await cache.set('a', 'lower')
          expect(await rejection(cache.incr('A'))).to.be.instanceOf(CacheKeyNotFound)
          expect(await cache.cas('A', 1, 'token')).to.equal('missing')
          expect(await cache.touch('A')).to.equal(false)
          expect(await cache.delete('A')).to.equal(false)
          expect(await cache.get('a')).to.equal('lower')
          await cache.setMany({ a: 1, A: 2 })
          // The last one, in the order of the keys.
          expect(await cache.getMany(['a', 'A'])).to.deep.equal({ a: 1 })
          expect(await cache.getOrSet('A', 'again')).to.equal('again')
          const added = await Promise.all(Array.from({ length: 20 }, (_, i) => cache.add(`race${i % 2}`, i)))
          expect(added.filter(Boolean)).to.have.length(2)
        } finally {
          await connection.schema.dropTable(table)
        }
      })
    }

    promise('takes part in the transaction of its caller', async (cache) => {
      await cache.set('key', 'before')
      const failed = transaction(async () => {
        await cache.set('key', 'within')
        expect(await cache.get('key')).to.equal('within')
        expect(await cache.add('added', 1)).to.equal(true)
        expect(await cache.add('added', 2)).to.equal(false)
        expect(await cache.incr('added')).to.equal(2)
        throw new Error('undo')
      })
      expect((await rejection(failed)).message).to.equal('undo')
      expect(await cache.get('key')).to.equal('before')
      expect(await cache.hasKey('added')).to.equal(false)
    })

    promise('survives concurrent callers that set the same keys in different orders', async (cache) => {
      const keys = Array.from({ length: 40 }, (_, i) => `key${i}`)
      const writers = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? keys : keys.toReversed()))
      await Promise.all(
        writers.map(async (order, i) => {
          await cache.setMany(Object.fromEntries(order.map((key) => [key, i])))
          for (const key of order.slice(0, 5)) await cache.set(key, i)
          await cache.deleteMany(order)
        }),
      )
    })

    promise('creates the same table and index as Django', async () => {
      await connection.schema.dropTable('shop_cache')
      const table = new CacheTable('shop_cache')
      expect(await table.exists()).to.equal(false)
      expect(table.statements().at(-1)?.replaceAll(/["`]/g, '')).to.equal(
        'CREATE INDEX shop_cache_expires ON shop_cache (expires);',
      )
      await table.create()
      expect(await table.exists()).to.equal(true)
      const columns = await connection('shop_cache').columnInfo()
      expect(Object.keys(columns).toSorted()).to.deep.equal(['cache_key', 'expires', 'value'])
    })
  })

  it('is stored in the database that OPTIONS names', () =>
    overrideSettings(
      {
        DATABASES: {
          default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' },
          other: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' },
        },
      },
      async () => {
        await new CacheTable('shop_cache', 'other').create()
        const store = new DatabaseCache({ location: 'shop_cache', options: { database: 'other' } })
        await new Cache(store).set('key', 1)
        expect(await connections.get('other')('shop_cache').select('cache_key')).to.deep.equal([
          { cache_key: ':1:key' },
        ])
        await connections.close()
      },
    ))
})
