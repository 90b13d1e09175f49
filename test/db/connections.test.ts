/** `connections`, `connection`, and the behaviour of a connection of each engine. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, connections, isConnectionError, isUniqueViolation, runStatement } from '#core/db'
import { captureLogs, type LogRecord } from '#core/utils'
import { requireDriver } from '../../core/db/drivers.ts'
import { databases, onEachDatabase, requireFastPaths } from '../services.ts'

const rejection = async (promise: PromiseLike<unknown>): Promise<Error & { sql?: string; code?: string }> => {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('It should have failed.')
}

const all = await databases('connections')

describe('connections', () => {
  before(() => setup())
  afterEach(() => connections.close())

  onEachDatabase(all, ({ config, vendor }) => {
    const using = (fn: () => Promise<void>) => () => overrideSettings({ DATABASES: { default: config } }, fn)

    beforeEach(
      using(async () => {
        await connection.schema.dropTableIfExists('things')
        await connection.schema.createTable('things', (table) => {
          table.integer('id').primary()
          table.string('name', 20).unique()
          table.bigInteger('big')
        })
      }),
    )

    it(
      'returns knex instances by alias, and `connection` for the default one',
      using(async () => {
        await connections.get().insert({ id: 1, name: 'one' }).into('things')
        expect(await connections.get('default')('things').where({ id: 1 }).first()).to.include({ name: 'one' })
        expect(await connection('things').pluck('name')).to.deep.equal(['one'])
        expect(await connection.select('id').from('things')).to.deep.equal([{ id: 1 }])
        expect(connections.all()).to.deep.equal([connections.get('default')])
        expect(connection.client).to.equal(connections.get().client)
      }),
    )

    it(
      'opens again after close()',
      using(async () => {
        const kept = connections.get()
        await connections.close()
        expect(await kept('things').pluck('id')).to.deep.equal([])
      }),
    )

    it(
      'recognises a duplicate key, and reports it without the values',
      using(async () => {
        await connection('things').insert({ id: 1, name: 'one' })
        for (const row of [
          { id: 1, name: 'two' },
          { id: 2, name: 'one' },
        ]) {
          const error = await rejection(connection('things').insert(row))
          expect(isUniqueViolation(error)).to.equal(true)
          expect(isConnectionError(error)).to.equal(false)
        }
        const wrong = await rejection(connection('no_such_table').insert({ name: 'a secret value' }))
        expect(isUniqueViolation(wrong)).to.equal(false)
        expect(`${wrong.message} ${wrong.stack} ${wrong.sql}`)
          .to.include('no_such_table')
          .and.not.include('a secret value')
      }),
    )

    it('runs a raw statement, notifies listeners, and releases its connection after an error', function () {
      requireFastPaths(this)
      return using(async () => {
        const database = connections.database()
        const queries: string[] = []
        const failures: Error[] = []
        database.pool.on('query', ({ sql }: { sql: string }) => queries.push(sql))
        database.pool.on('query-error', (error: Error) => failures.push(error))
        await runStatement(database, "insert into things (id, name) values (1, 'one')", [])
        for (let i = 0; i < 12; i++) await rejection(runStatement(database, 'select no_such_column from things', []))
        expect(queries).to.have.lengthOf(13)
        expect(failures).to.have.lengthOf(12)
        expect(await connection('things').pluck('name')).to.deep.equal(['one'])
      })()
    })

    it(
      'counts the rows that an update matched, changed or not',
      using(async () => {
        await connection('things').insert({ id: 1, name: 'one' })
        expect(await connection('things').where({ id: 1 }).update({ name: 'one' })).to.equal(1)
        expect(await connection('things').where({ id: 2 }).update({ name: 'one' })).to.equal(0)
      }),
    )

    it(
      'reads big integers as numbers if they fit',
      using(async () => {
        await connection('things').insert({ id: 1, big: 2 ** 40 })
        expect(await connection('things').pluck('big')).to.deep.equal([2 ** 40])
      }),
    )

    if (vendor !== 'sqlite') {
      it(
        'refuses to truncate a string',
        using(async () => {
          await rejection(connection('things').insert({ id: 1, name: 'x'.repeat(21) }))
          expect(await connection('things').pluck('id')).to.deep.equal([])
        }),
      )

      it('reports that there is no connection to a missing server, and logs it at most as a debug message', async () => {
        const records: LogRecord[] = []
        const release = captureLogs((record) => records.push(record))
        try {
          await overrideSettings({ DATABASES: { default: { ...config, HOST: '127.0.0.1', PORT: 1 } } }, async () => {
            const error = await rejection(connection.raw('SELECT 1'))
            expect(isConnectionError(error)).to.equal(true)
            expect(error.code).to.equal('ECONNREFUSED')
          })
        } finally {
          release()
        }
        expect(records).to.deep.equal([])
      })

      it('reports that there is no connection to a missing database', async () => {
        await overrideSettings({ DATABASES: { default: { ...config, NAME: 'no_such_database' } } }, async () => {
          expect(isConnectionError(await rejection(connection.raw('SELECT 1')))).to.equal(true)
        })
      })

      it('keeps no connection longer than CONN_MAX_AGE', async () => {
        const settings = { DATABASES: { default: { ...config, CONN_MAX_AGE: 1, OPTIONS: { pool: { max_size: 1 } } } } }
        await overrideSettings(settings, () => {
          const { client } = connections.database().pool as unknown as { client: { config: { pool: object } } }
          expect(client.config.pool).to.include({ max: 1, maxConnectionLifetimeMillis: 1000 })
        })
      })
    }
  })

  it('lists the aliases for an unknown alias', () => {
    expect(() => connections.get('defalt')).to.throw(
      "DATABASES has no 'defalt'. It has: default. Did you mean 'default'?",
    )
  })

  it("accepts Django's names of the engines", async () => {
    const entry = { ENGINE: 'django.db.backends.sqlite3', NAME: ':memory:' }
    await overrideSettings({ DATABASES: { default: entry } }, async () => {
      expect(await connection.raw('SELECT 1 AS one')).to.deep.equal([{ one: 1 }])
    })
  })

  it('reports the setting and the available engines for an unknown engine', async () => {
    await overrideSettings({ DATABASES: { default: { ENGINE: 'django.db.backends.oracle' } } }, () => {
      expect(() => connections.get()).to.throw(/DATABASES\['default'\].ENGINE.*oracle.*mysql.*postgresql.*sqlite3/)
    })
  })

  it('accepts a custom engine', async () => {
    await overrideSettings({ DATABASES: { default: { ENGINE: 'test.db.own_engine', NAME: ':memory:' } } }, async () => {
      expect(connections.database().backend.displayName).to.equal('My own')
      expect(await connection.raw('SELECT 2 AS two')).to.deep.equal([{ two: 2 }])
    })
  })

  it('reports what an invalid engine module should export', async () => {
    await overrideSettings({ DATABASES: { default: { ENGINE: 'core.db.date_strings' } } }, () => {
      expect(() => connections.get()).to.throw(
        "DATABASES['default'].ENGINE names 'core.db.date_strings', whose export `backend` should be a DatabaseBackend, found undefined.",
      )
    })
  })

  it('reports which package to install when a driver is missing', () => {
    expect(() => requireDriver('no-such-driver', { alias: 'default', root: '/' })).to.throw(
      "DATABASES['default'] needs the npm package 'no-such-driver', which is not installed. Run: npm install no-such-driver",
    )
  })
})
