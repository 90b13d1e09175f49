/** A database server whose packets are lost: statements fail in time, and the pool recovers when packets pass again. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { newSessionKey, openSessionStore } from '#core/contrib/sessions'
import { connection, connections, isConnectionError, transaction } from '#core/db'
import { callCommand } from '#core/management'
import { rejection, until } from '../cache/until.ts'
import { Proxy } from '../proxy.ts'
import { databases, onEachDatabase } from '../services.ts'

const all = (await databases('silent')).filter(({ vendor }) => vendor !== 'sqlite')

const RECOVERY = 3000

describe('a database whose packets are lost', function () {
  this.timeout(30_000)
  let proxy: Proxy

  before(() => setup())

  onEachDatabase(all, ({ config, vendor }) => {
    const sleep = vendor === 'mysql' ? 'select sleep(?)' : 'select pg_sleep(?)'

    const throughProxy =
      (body: () => Promise<void>, options: object = {}, settings: object = {}) =>
      async () => {
        proxy = new Proxy(Number(config.PORT))
        const entry = {
          ...config,
          HOST: '127.0.0.1',
          PORT: await proxy.listen(),
          OPTIONS: { ...config.OPTIONS, ...options },
        }
        try {
          await overrideSettings(
            { DATABASES: { default: entry }, SESSION_ENGINE: 'core.contrib.sessions.backends.db', ...settings },
            body,
          )
        } finally {
          await proxy.close()
        }
      }

    /** Milliseconds until `work` succeeds for the first time. */
    async function firstSuccess(work: () => Promise<unknown>): Promise<number> {
      const began = performance.now()
      for (;;) {
        const done = await Promise.race([
          work().then(
            () => true,
            () => false,
          ),
          pause(500, false),
        ])
        if (done) return performance.now() - began
        if (performance.now() - began > 2 * RECOVERY) throw new Error('It did not recover.')
        await pause(20)
      }
    }

    for (const outage of [300, 4000]) {
      it(
        `is used again within 3 s after an outage of ${outage} ms, with sessions, statements and transactions in flight`,
        throughProxy(async () => {
          await callCommand('migrate', { verbosity: 0 })
          const store = openSessionStore()
          const record = { data: { a: 1 }, expiresAt: Date.now() + 1e6 }
          const saved = await store.create(record)
          await Promise.all(Array.from({ length: 12 }, () => connection.raw(sleep, [0.05])))
          proxy.swallows = true
          const inFlight = [
            ...Array.from({ length: 6 }, () => connection.raw('select 1')),
            ...Array.from({ length: 6 }, () => transaction((trx) => trx.raw('select 1'))),
            ...Array.from({ length: 6 }, () => store.load(saved.key)),
            store.update(saved.key, record, saved.version as string),
            ...Array.from({ length: 6 }, () => store.create(record)),
            store.delete(newSessionKey()),
          ]
          const settled = Promise.allSettled(inFlight as Promise<unknown>[])
          await pause(outage)
          proxy.swallows = false
          const times = await Promise.all([
            firstSuccess(() => store.load(saved.key)),
            firstSuccess(() => store.create(record)),
            firstSuccess(async () => {
              const loaded = await store.load(saved.key)
              await store.update(saved.key, record, String(loaded?.version))
            }),
            firstSuccess(() => connection.raw('select 1')),
            firstSuccess(() => transaction((trx) => trx.raw('select 1'))),
          ])
          for (const time of times) expect(time).to.be.lessThan(RECOVERY)
          // Some of them waited for a free connection, and then succeeded.
          const failures = (await settled)
            .filter((each) => each.status === 'rejected')
            .map(({ reason }) => reason as Error)
          expect(failures).to.have.length.greaterThan(1)
          for (const error of failures) {
            const isOutage = isConnectionError(error) || error.name === 'ServiceUnavailable'
            expect(isOutage, String(error)).to.equal(true)
          }
        }),
      )
    }

    it(
      'does not interrupt a statement that the server works on',
      throughProxy(async () => {
        await Promise.all([connection.raw(sleep, [2.5]), transaction((trx) => trx.raw(sleep, [2.2]))])
      }),
    )

    it('does not give up a statement whose result arrives while the process is busy', () =>
      overrideSettings({ DATABASES: { default: { ...config, OPTIONS: { response_timeout: 0.4 } } } }, async () => {
        await connection.raw('select 1')
        const asked = connection.raw(sleep, [0.1]).then(() => 'answered')
        await pause(50)
        // After this phase of the event loop, timers come before answers.
        await new Promise<void>((resolve) => setImmediate(resolve))
        const end = performance.now() + 600
        while (performance.now() < end);
        expect(await asked).to.equal('answered')
      }))

    it(
      'limits statements to OPTIONS.response_timeout',
      throughProxy(
        async () => {
          const began = performance.now()
          const error = await rejection(connection.raw(sleep, [5]))
          expect(isConnectionError(error), String(error)).to.equal(true)
          expect(performance.now() - began).to.be.within(290, 900)
          await connection.raw('select 1')
        },
        { response_timeout: 0.3, pool: { max_size: 1 } },
      ),
    )

    it(
      'does not keep a process from closing its connections',
      throughProxy(async () => {
        await Promise.all(Array.from({ length: 4 }, () => connection.raw(sleep, [0.05])))
        const failure = rejection(connection.raw(sleep, [0.4]))
        await pause(100)
        proxy.swallows = true
        const began = performance.now()
        await connections.close()
        await failure
        expect(performance.now() - began).to.be.lessThan(4500)
        await until('no connection is left open', () => proxy.open === 0)
      }),
    )
  })
})
