/** SESSION_MAX_LIFETIME ends a session on every engine, however often it is used. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { connection } from '#core/db'
import { Client } from '#core/test'
import { setClock } from '#core/utils'
import { withDatabase } from './database.ts'

const NOW = Date.now()
const HOUR = 3_600_000

describe('SESSION_MAX_LIFETIME', () => {
  let folder: string
  before(() => setup())
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-lifetime-'))
  })
  afterEach(() => {
    setClock()
    rmSync(folder, { recursive: true })
  })

  const at = (hours: number): void => setClock({ now: () => NOW + hours * HOUR })

  const run = (engine: string, settings: Settings, fn: (client: Client) => Promise<void>): Promise<void> =>
    withDatabase(() => fn(new Client()), {
      ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
      SESSION_ENGINE: `core.contrib.sessions.backends.${engine}`,
      SESSION_FILE_PATH: folder,
      SESSION_COOKIE_AGE: 7200,
      ...settings,
    })

  for (const engine of ['db', 'cache', 'cached_db', 'file', 'signed_cookies']) {
    it(`ends a session that is used all the time (${engine})`, () =>
      run(engine, { SESSION_MAX_LIFETIME: 5 * 3600 }, async (client) => {
        for (const [hours, count] of [
          [0, '1'],
          [1.5, '2'],
          [3, '3'],
          [4.5, '4'],
        ] as const) {
          at(hours)
          expect((await client.get('/count')).text).to.equal(count)
        }
        const headers = { cookie: `sessionid=${client.cookies.get('sessionid')}` }
        at(5.1)
        expect((await new Client().get('/count', { headers })).text).to.equal('1')
      }))

    it(`limits Max-Age of the cookie to the remaining lifetime (${engine})`, () =>
      run(engine, { SESSION_MAX_LIFETIME: 5 * 3600 }, async (client) => {
        at(0)
        expect((await client.get('/count')).setCookie[0]).to.contain('Max-Age=7200;')
        at(1.9)
        await client.get('/count')
        at(3.7)
        await client.get('/count')
        at(4)
        expect((await client.get('/count')).setCookie[0]).to.match(/Max-Age=(3600|3599);/)
      }))
  }

  it('starts again at a login, which creates a new session', () =>
    run('db', { SESSION_MAX_LIFETIME: 3600 }, async (client) => {
      at(0)
      await client.get('/count')
      at(0.9)
      await client.get('/login')
      at(1.5)
      expect((await client.get('/count')).text).to.equal('2')
    }))

  it("adds nothing to the session when it is not set: the content is the same as Django's", () =>
    run('db', {}, async (client) => {
      await client.get('/count')
      const [data] = (await connection('django_session').pluck('session_data')) as [string]
      expect(Buffer.from(data.split(':')[0] as string, 'base64url').toString()).to.equal('{"count":1}')
    }))
})
