/** A change of the session after its response was sent is either saved or refused. It is never lost silently. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Client } from '#core/test'
import { withDatabase } from './database.ts'
import * as site from './fixtures/after_response.ts'

const FOLDER = mkdtempSync(path.join(tmpdir(), 'nuages-afterwards-'))

/** What the session holds after each change. */
const CHANGES: Readonly<Record<string, object>> = {
  set: { list: ['a'], late: true },
  assign: { list: ['a'], late: true },
  update: { list: ['a'], late: true },
  delete: {},
  inside: { list: ['a', 'b'] },
  clear: {},
}

/** Saves run in a later tick. */
async function settled(): Promise<void> {
  await site.changed
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
}

describe('a session that is changed after its response', () => {
  before(() => setup())
  beforeEach(() => void site.errors.splice(0))
  after(() => rmSync(FOLDER, { recursive: true, force: true }))

  for (const engine of ['db', 'cache', 'cached_db', 'file', 'signed_cookies']) {
    describe(`with the engine ${engine}`, () => {
      const run = (fn: (client: Client) => Promise<void>): Promise<void> =>
        withDatabase(() => fn(new Client()), {
          ROOT_URLCONF: 'test.contrib.sessions.fixtures.after_response',
          MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
          SESSION_ENGINE: `core.contrib.sessions.backends.${engine}`,
          SESSION_FILE_PATH: FOLDER,
          CACHES: { default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'afterwards' } },
        })

      for (const [how, expected] of Object.entries(CHANGES)) {
        for (const where of ['stream', 'timer']) {
          it(`is saved or refused (${how} in a ${where})`, () =>
            run(async (client) => {
              await client.get('/start')
              await client.get(`/${where}/${how}`)
              await settled()
              const content: unknown = JSON.parse((await client.get('/content')).text)
              if (engine !== 'signed_cookies') {
                expect(site.errors).to.deep.equal([])
                expect(content).to.deep.equal(expected)
              } else if (how !== 'inside') {
                expect(site.errors.map(({ name }) => name)).to.deep.equal(['SessionSent'])
                expect(content).to.deep.equal({ list: ['a'] })
              }
            }))
        }
      }

      it('is refused when there is no session yet, because its cookie can no longer be sent', () =>
        run(async (client) => {
          for (const where of ['stream', 'timer']) {
            site.errors.splice(0)
            await client.get(`/${where}/set`)
            await settled()
            expect(site.errors.map(({ name }) => name)).to.deep.equal(['SessionSent'])
          }
        }))

      if (engine === 'signed_cookies') return

      it('keeps its key, because a new one can no longer be sent', () =>
        run(async (client) => {
          await client.get('/start')
          await client.get('/cycle')
          await settled()
          expect(site.errors.map(({ name }) => name)).to.deep.equal(['SessionSent'])
          expect((await client.get('/content')).text).to.equal('{"list":["a"]}')
        }))

      it('is not saved if the view failed', () =>
        run(async (client) => {
          await client.get('/start')
          expect((await client.get('/failing')).status).to.equal(500)
          await settled()
          expect((await client.get('/content')).text).to.equal('{"list":["a"]}')
        }))

      it('is saved when a stream changes a list that the view read earlier', () =>
        run(async (client) => {
          await client.get('/start')
          await client.get('/held')
          await settled()
          expect((await client.get('/content')).text).to.equal('{"list":["a","b"]}')
        }))
    })
  }
})
