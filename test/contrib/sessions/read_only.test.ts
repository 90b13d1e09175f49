/** A database that can only be read, as after a failover: saves are a 503, and work again without a restart. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { connection, connections, isConnectionError, transaction } from '#core/db'
import { callCommand } from '#core/management'
import { Client } from '#core/test'
import { captureLogs } from '#core/utils'
import { DatabaseCache } from '../../../core/cache/backends/db.ts'
import { rejection } from '../../cache/until.ts'
import { databases, onEachDatabase } from '../../services.ts'

const all = await databases('readonly')

const MAKE_READ_ONLY = {
  sqlite: 'PRAGMA query_only = ON',
  postgresql: 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
  mysql: 'SET SESSION TRANSACTION READ ONLY',
}

describe('a database that can only be read', () => {
  before(() => setup())

  onEachDatabase(all, ({ config, vendor }) => {
    const using = (body: (client: Client) => Promise<void>) =>
      overrideSettings(
        {
          // One connection, so that the one that is read-only is used.
          DATABASES: { default: { ...config, ...(vendor !== 'sqlite' && { OPTIONS: { pool: { max_size: 1 } } }) } },
          SESSION_ENGINE: 'core.contrib.sessions.backends.db',
          ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
          MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
          CACHES: { default: { BACKEND: 'core.cache.backends.db.DatabaseCache', LOCATION: 'cache_table' } },
          DEBUG: false,
        },
        async () => {
          await callCommand('migrate', { verbosity: 0 })
          await callCommand('createcachetable', { verbosity: 0 })
          await body(new Client())
        },
      )

    it('is a 503 with Retry-After, and works when a new connection can write', () =>
      using(async (client) => {
        const logged: string[] = []
        const release = captureLogs(({ logger, message }) => {
          if (logger === 'django.contrib.sessions') logged.push(message)
        })
        try {
          expect((await client.get('/count')).text).to.equal('1')
          await connection.raw(MAKE_READ_ONLY[vendor])
          const response = await client.get('/count')
          expect(response.status).to.equal(503)
          expect(Number(response.headers['retry-after'])).to.be.greaterThan(0)
          expect(response.setCookie).to.deep.equal([])
          expect((await client.get('/count')).text).to.equal('2')
          expect(logged).to.have.length(2)
        } finally {
          release()
        }
      }))

    it('is an outage for statements, transactions and a database cache', () =>
      using(async () => {
        const cache = new Cache(new DatabaseCache({ location: 'cache_table', options: {} }))
        await cache.set('key', 1)
        const writes = [
          () => connection('django_session').insert({ session_key: 'a', session_data: '', expire_date: '2030-01-01' }),
          () => transaction((trx) => trx('django_session').delete().where('session_key', 'b')),
          () => cache.set('key', 2),
        ]
        for (const write of writes) {
          await connection.raw(MAKE_READ_ONLY[vendor])
          const error = await rejection(Promise.resolve(write() as PromiseLike<unknown>))
          expect(isConnectionError(error.cause ?? error), String(error)).to.equal(true)
          await write()
        }
        expect(await cache.get('key')).to.equal(2)
        await connections.close()
      }))
  })
})
