/** A store that is down causes a 503 in time: no empty session, no cleared cookie, no cookie for unsaved data. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { encodeSession, newSessionKey } from '#core/contrib/sessions'
import { connection, toDatabaseDate } from '#core/db'
import { Client, type ClientResponse } from '#core/test'
import { captureLogs } from '#core/utils'
import { withDatabase } from './database.ts'
import { behaviour } from './fixtures/failing_engine.ts'

describe('a session store that is down', () => {
  let logged: string[]
  let release: () => void
  before(() => setup())
  beforeEach(() => {
    logged = []
    release = captureLogs(({ logger, message }) => logged.push(`${logger}: ${message}`))
  })
  afterEach(() => {
    release()
    Object.assign(behaviour, { loads: 'up', saves: 'up' })
  })

  const run = (fn: (client: Client) => Promise<void>, settings: Settings = {}): Promise<void> =>
    withDatabase(() => fn(new Client()), {
      ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
      SESSION_ENGINE: 'test.contrib.sessions.fixtures.failing_engine',
      SESSION_STORE_TIMEOUT: 0.05,
      DEBUG: false,
      ...settings,
    })

  const isUnavailable = (response: ClientResponse): void => {
    expect(response.status).to.equal(503)
    expect(Number(response.headers['retry-after'])).to.be.greaterThan(0)
    expect(response.setCookie).to.deep.equal([])
  }

  for (const kind of ['down', 'down synchronously', 'frozen', 'disk full'] as const) {
    it(`returns 503 for a view that reads, when it is ${kind}`, () =>
      run(async (client) => {
        await client.get('/count')
        behaviour.loads = kind
        isUnavailable(await client.get('/read'))
        behaviour.loads = 'up'
        expect((await client.get('/count')).text).to.equal('2')
      }))

    it(`returns 503 and sends no cookie when the save fails, because it is ${kind}`, () =>
      run(async (client) => {
        behaviour.saves = kind
        isUnavailable(await client.get('/count'))
        behaviour.saves = 'up'
        await client.get('/count')
        behaviour.saves = kind
        isUnavailable(await client.get('/count'))
        isUnavailable(await client.get('/flush'))
        behaviour.saves = 'up'
        expect((await client.get('/count')).text).to.equal('2')
      }))
  }

  for (const kind of ['down', 'down synchronously'] as const) {
    it(`does not affect a view that does not use the session, when it is ${kind}`, () =>
      run(async (client) => {
        await client.get('/count')
        behaviour.loads = kind
        const response = await client.get('/untouched')
        expect([response.status, response.setCookie]).to.deep.equal([200, []])
      }))
  }

  it('is logged once at the start and once at the end of the outage, without the content of the statement', () =>
    run(async (client) => {
      await client.get('/count')
      behaviour.loads = 'down'
      for (let visit = 0; visit < 3; visit++) await client.get('/read')
      behaviour.loads = 'up'
      await client.get('/read')
      const ours = logged.filter((line) => line.startsWith('django.contrib.sessions'))
      expect(ours).to.deep.equal([
        'django.contrib.sessions: The session store is not available: ECONNREFUSED',
        'django.contrib.sessions: The session store is available again.',
      ])
      expect(logged.join('\n')).not.to.contain('secret statement')
    }))

  it('is distinguished from a fault in the engine, which is a server error', () =>
    run(async (client) => {
      await client.get('/count')
      behaviour.loads = 'faulty'
      expect((await client.get('/read')).status).to.equal(500)
    }))

  it('does not cause an empty session when the stored data is invalid: the client keeps key and cookie', () =>
    run(
      async () => {
        const key = newSessionKey()
        const insert = (text: string): Promise<unknown> =>
          connection('django_session')
            .insert({ session_key: key, session_data: text, expire_date: toDatabaseDate(Date.now() + 1e6) })
            .onConflict('session_key')
            .merge()
        const headers = { cookie: `sessionid=${key}` }
        for (const garbage of [
          '',
          'garbage',
          encodeSession({ a: 1 }).slice(0, -3),
          '\u0000\uffff',
          'x'.repeat(100_000),
        ]) {
          await insert(garbage)
          const response = await new Client().get('/count', { headers })
          expect([response.status, response.text]).to.deep.equal([200, '1'])
          expect(response.setCookie[0]).to.contain(`sessionid=${key};`)
        }
      },
      { SESSION_ENGINE: 'core.contrib.sessions.backends.db' },
    ))
})
