/** A connection that is closed before the reply: the outcome of a write is unknown, which is a 503, and nothing is repeated. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { openSessionStore, type SessionRecord } from '#core/contrib/sessions'
import { connection, connections, isConnectionError, transaction } from '#core/db'
import { ServiceUnavailable } from '#core/exceptions'
import { callCommand } from '#core/management'
import { DatabaseCache } from '../../../core/cache/backends/db.ts'
import { rejection } from '../../cache/until.ts'
import { Proxy } from '../../proxy.ts'
import { databases, onEachDatabase } from '../../services.ts'

const all = (await databases('unknown')).filter(({ vendor }) => vendor !== 'sqlite')

const ENDINGS = ['FIN', 'reset'] as const

describe('a connection that ends before the reply', () => {
  let proxy: Proxy
  before(() => setup())

  const record = (count: number): SessionRecord => ({ data: { count }, expiresAt: Date.now() + 1e6 })

  onEachDatabase(all, ({ config }) => {
    const throughProxy = (body: () => Promise<void>) => async () => {
      proxy = new Proxy(Number(config.PORT))
      const entry = { ...config, HOST: '127.0.0.1', PORT: await proxy.listen() }
      const CACHES = { default: { BACKEND: 'core.cache.backends.db.DatabaseCache', LOCATION: 'cache_table' } }
      const SESSION_ENGINE = 'core.contrib.sessions.backends.db'
      try {
        await overrideSettings({ DATABASES: { default: entry }, CACHES, SESSION_ENGINE }, async () => {
          await callCommand('migrate', { verbosity: 0 })
          await callCommand('createcachetable', { verbosity: 0 })
          await connection('django_session').delete()
          await connection('cache_table').delete()
          await body()
        })
      } finally {
        await proxy.close()
      }
    }

    /** Closes the connection of the first statement that matches, when the server has replied to it. */
    function cutAfter(pattern: RegExp, ending: (typeof ENDINGS)[number]): { readonly isCut: boolean } {
      const state = { isCut: false }
      let chosen: unknown
      proxy.onRequest = (bytes, pair) => {
        if (!state.isCut && chosen === undefined && pattern.test(bytes.toString('latin1'))) chosen = pair
        return true
      }
      proxy.onReply = (_, pair) => {
        if (pair !== chosen) return true
        if (!state.isCut) {
          state.isCut = true
          if (ending === 'FIN') pair.client.end()
          else pair.client.resetAndDestroy()
        }
        return false
      }
      return state
    }

    const rows = async (): Promise<number> => Number((await connection('django_session').count({ n: '*' }))[0]?.n)

    for (const ending of ENDINGS) {
      it(
        `by ${ending} fails concurrent creations, and leaves no second row of any`,
        throughProxy(async () => {
          const store = openSessionStore()
          const cut = cutAfter(/insert into/i, ending)
          const created = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => store.create(record(i))))
          expect(cut.isCut).to.equal(true)
          const failed = created.filter((each) => each.status === 'rejected').map(({ reason }) => reason as Error)
          expect(failed).to.have.length.greaterThan(0)
          for (const error of failed) expect(error).to.be.instanceOf(ServiceUnavailable)
          expect(await rows()).to.be.lessThanOrEqual(8)
        }),
      )

      for (const count of [1, 8]) {
        it(
          `by ${ending} fails ${count} concurrent saves, which are not repeated`,
          throughProxy(async () => {
            const store = openSessionStore()
            const saved = await Promise.all(Array.from({ length: count }, (_, i) => store.create(record(i))))
            const cut = cutAfter(/COMMIT|update .?django_session|with change/i, ending)
            const results = await Promise.allSettled(
              saved.map(({ key, version }, i) => store.update(key, record(i + 100), String(version))),
            )
            expect(cut.isCut).to.equal(true)
            const failed = results.filter((each) => each.status === 'rejected').map(({ reason }) => reason as Error)
            expect(failed).to.have.length.greaterThan(0)
            // A repeated save would be a SessionConflict, after which a request applies its changes again.
            for (const error of failed) expect(error).to.be.instanceOf(ServiceUnavailable)
          }),
        )
      }

      it(
        `by ${ending} fails statements, transactions and a database cache as outages`,
        throughProxy(async () => {
          const cache = new Cache(new DatabaseCache({ location: 'cache_table', options: {} }))
          await cache.set('n', 1)
          const store = openSessionStore()
          const saved = await store.create(record(1))
          const works: readonly (readonly [RegExp, () => Promise<unknown>])[] = [
            [/7 as seven/, () => connection.raw('select 7 as seven')],
            [/COMMIT/, () => transaction((trx) => trx.raw('select 1'))],
            [/update .?cache_table/i, () => cache.incr('n')],
            [/update .?cache_table/i, () => cache.touch('n', 100)],
            [/insert into .?cache_table/i, () => cache.set('n', 5)],
            [/insert into .?cache_table/i, () => cache.add('m', 5)],
            [/delete from .?django_session/i, () => store.delete(saved.key, saved.version)],
            [/select .*django_session/i, () => store.load(saved.key)],
          ]
          for (const [pattern, work] of works) {
            const cut = cutAfter(pattern, ending)
            const error = await rejection(work())
            expect(cut.isCut, String(pattern)).to.equal(true)
            const isOutage = error instanceof ServiceUnavailable || isConnectionError(error)
            expect(isOutage, `${String(pattern)}: ${String(error)}`).to.equal(true)
          }
          proxy.onRequest = proxy.onReply = undefined
          expect(await cache.getMany(['n', 'm'])).to.deep.equal({ n: 5, m: 5 })
          await connections.close()
        }),
      )
    }
  })
})
