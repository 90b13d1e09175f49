/** A row of a session that another transaction holds: its own saves wait, those of other sessions do not. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { openSessionStore, type SessionRecord, type SessionStore } from '#core/contrib/sessions'
import { connections } from '#core/db'
import { ServiceUnavailable } from '#core/exceptions'
import { callCommand } from '#core/management'
import { captureLogs } from '#core/utils'
import { databases, onEachDatabase } from '../../services.ts'

const all = (await databases('locked')).filter(({ vendor }) => vendor !== 'sqlite')

const record = (count: number): SessionRecord => ({ data: { count }, expiresAt: Date.now() + 1e6 })

describe('a locked row of a session', () => {
  before(() => setup())

  onEachDatabase(all, ({ config, vendor }) => {
    const using = (body: (store: SessionStore) => Promise<void>, settings: Settings = {}) =>
      overrideSettings(
        { DATABASES: { default: config }, SESSION_ENGINE: 'core.contrib.sessions.backends.db', ...settings },
        async () => {
          await callCommand('migrate', { verbosity: 0 })
          await body(openSessionStore())
        },
      )

    /** Holds the rows of keys while `body` runs. `release` lets them go earlier. */
    async function holding(
      keys: readonly string[],
      body: (release: () => Promise<void>) => Promise<void>,
    ): Promise<void> {
      const other = connections.database().openSingle()
      const trx = await other.transaction()
      const release = async (): Promise<void> => void (trx.isCompleted() || (await trx.rollback()))
      try {
        // One by one: a statement for several might scan the table and lock all of it.
        for (const key of keys) await trx('django_session').where('session_key', key).forUpdate().first('session_key')
        await body(release)
      } finally {
        await release()
        await other.destroy()
      }
    }

    const created = (store: SessionStore, count: number) =>
      Promise.all(Array.from({ length: count }, (_, i) => store.create(record(i))))

    for (const alone of [true, false]) {
      it(`delays the ${alone ? 'single' : 'concurrent'} saves of other sessions by less than 100 ms, and its own until it is free`, () =>
        using(async (store) => {
          const locked = await created(store, 12)
          const free = await created(store, 8)
          await store.load(String(free[0]?.key))
          await holding(
            locked.map(({ key }) => key),
            async (release) => {
              const times: number[] = []
              const save = async (saved: { version?: string; key: string }): Promise<void> => {
                const began = performance.now()
                const { version } = await store.update(saved.key, record(1), String(saved.version))
                times.push(performance.now() - began)
                saved.version = String(version)
              }
              const inBatches = async (): Promise<void> => {
                for (let round = 0; round < 30; round++) {
                  if (alone) for (const each of free) await save(each)
                  else await Promise.all(free.map(save))
                }
              }
              let waiting = true
              const held = locked.map(({ key, version }) => store.update(key, record(99), String(version)))
              const heldTwice = locked.map(({ key, version }) => store.update(key, record(98), String(version)))
              const settled = Promise.allSettled([...held, ...heldTwice]).finally(() => (waiting = false))
              await inBatches()
              expect(waiting).to.equal(true)
              times.sort((a, b) => a - b)
              expect(times[Math.floor(times.length * 0.99)], 'p99').to.be.lessThan(100)
              await release()
              const results = await settled
              // Each row is written once; the other save was made for a version that is gone.
              expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(locked.length)
              const errors = results.flatMap((each) =>
                each.status === 'rejected' ? [(each.reason as Error).name] : [],
              )
              expect(new Set(errors)).to.deep.equal(new Set(['SessionConflict']))
            },
          )
        }))
    }

    it('is a 503 in time when it stays locked, and the store is not said to be down', () =>
      using(
        async (store) => {
          const logged: string[] = []
          const endCapture = captureLogs(({ message }) => logged.push(message))
          try {
            const [saved, other] = await created(store, 2)
            await holding([String(saved?.key)], async () => {
              const began = performance.now()
              const results = await Promise.allSettled([
                store.update(String(saved?.key), record(1), String(saved?.version)),
                store.update(String(saved?.key), record(2), String(saved?.version)),
                pause(100).then(() => store.update(String(saved?.key), record(2), String(saved?.version))),
                pause(100).then(() => store.delete(String(saved?.key))),
              ])
              for (const each of results) {
                expect(each.status === 'rejected' && each.reason).to.be.instanceOf(ServiceUnavailable)
              }
              expect(performance.now() - began).to.be.lessThan(1200)
              // Nothing is done later, when the row is free.
              await pause(300)
            })
            await store.update(String(other?.key), record(3), String(other?.version))
            expect(await store.delete(String(saved?.key))).to.equal(true)
            expect(await store.delete(String(saved?.key))).to.equal(false)
          } finally {
            endCapture()
          }
          // A statement of MySQL waits for the row, and fails like one that is not answered.
          expect(logged).to.have.lengthOf.at.most(vendor === 'mysql' ? 2 : 0)
        },
        { SESSION_STORE_TIMEOUT: 0.8 },
      ))
  })
})
