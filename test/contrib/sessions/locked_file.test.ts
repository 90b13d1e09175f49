/** A SQLite file that another process has locked: saves wait without blocking the process, and are a 503 in time. */
import BetterSqlite3 from 'better-sqlite3'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { callCommand } from '#core/management'
import { Client } from '#core/test'
import { until } from '../../cache/until.ts'
import { databases } from '../../services.ts'

const [sqlite] = await databases('lockedfile')
const config = sqlite?.config as { ENGINE: string; NAME: string }

const CACHES = { default: { BACKEND: 'core.cache.backends.db.DatabaseCache', LOCATION: 'cache_table' } }

describe('a locked SQLite file', () => {
  before(() => setup())

  for (const engine of ['db', 'cache', 'cached_db']) {
    for (const [lock, init_command] of [
      ['BEGIN IMMEDIATE', undefined],
      ['BEGIN EXCLUSIVE', 'PRAGMA journal_mode = DELETE'],
    ] as const) {
      it(`is a 503 in time with the engine ${engine} and ${lock}, and blocks no other page`, async () => {
        await sqlite?.create()
        const settings = {
          DATABASES: { default: { ...config, OPTIONS: init_command === undefined ? {} : { init_command } } },
          CACHES,
          SESSION_ENGINE: `core.contrib.sessions.backends.${engine}`,
          SESSION_STORE_TIMEOUT: 0.6,
          ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
          MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
          DEBUG: false,
        }
        await overrideSettings(settings, async () => {
          await callCommand('migrate', { verbosity: 0 })
          await callCommand('createcachetable', { verbosity: 0 })
          const client = new Client()
          expect((await client.get('/count')).text).to.equal('1')
          const other = new BetterSqlite3(config.NAME)
          try {
            other.exec(lock)
            const began = performance.now()
            const saves = Promise.all(Array.from({ length: 10 }, () => client.get('/count')))
            const state = { isSaving: true }
            const times: number[] = []
            const pages = (async () => {
              while (state.isSaving) {
                const start = performance.now()
                expect((await new Client().get('/untouched')).status).to.equal(200)
                times.push(performance.now() - start)
                await new Promise((resolve) => setTimeout(resolve, 5))
              }
            })()
            for (const response of await saves) {
              expect(response.status).to.equal(503)
              expect(response.setCookie).to.deep.equal([])
            }
            state.isSaving = false
            await pages
            expect(performance.now() - began).to.be.lessThan(1500)
            expect(Math.max(...times)).to.be.lessThan(250)
            other.exec('COMMIT')
            const free = performance.now()
            await until('sessions are saved', async () => (await client.get('/count')).status === 200)
            expect(performance.now() - free).to.be.lessThan(500)
          } finally {
            other.close()
          }
        })
      })
    }
  }
})
