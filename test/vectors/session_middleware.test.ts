/** Whole requests through the session middleware on the db engine: the response, and the row in the table. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { decodeSession, encodeSession, type SessionDict } from '#core/contrib/sessions'
import { connection, toDatabaseDate } from '#core/db'
import { Client } from '#core/test'
import { captureLogs, setClock } from '#core/utils'
import { withDatabase } from '../contrib/sessions/database.ts'
import { script, type Step } from '../contrib/sessions/fixtures/steps.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly cookie: string | null
  readonly stored: SessionDict | null
  readonly stored_expires_in: number | null
  readonly steps: Step[]
  readonly view_status: number
  readonly settings: Settings
  readonly secret: string
  readonly now: number
  readonly new_keys: string[]
}

interface Expected {
  readonly status: number
  readonly set_cookie: string[]
  readonly vary: string | null
  readonly view_results: unknown[]
  readonly rows: Record<string, SessionDict>
  readonly raised?: string
}

/**
 * The only intended difference: Django does not notice a change inside a list and loses it silently;
 * here it is saved as if `modified` had been set.
 */
function withNestedChangesSeen(input: Input, expected: Expected): Expected {
  const appended = input.steps.filter(([operation]) => operation === 'nested_append')
  const isMarked = input.steps.some(([operation]) => operation === 'set_modified')
  const { cookie, stored } = input
  if (appended.length === 0 || isMarked || cookie === null || stored === null) return expected
  const data = structuredClone(stored)
  for (const [, key, value] of appended) (data[key as string] as unknown[]).push(value)
  const expires = new Date((input.now + 1_209_600) * 1000).toUTCString()
  const line = `sessionid=${cookie}; expires=${expires}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax`
  return { ...expected, set_cookie: [line], rows: { [cookie]: data } }
}

/** The stored sessions. Django deletes the old row of a rotated key; here a marker takes its place for a minute. */
async function rows(): Promise<Record<string, SessionDict>> {
  const found = (await connection('django_session').select()) as { session_key: string; session_data: string }[]
  const sessions = found.map((row) => [row.session_key, decodeSession(row.session_data)] as const)
  return Object.fromEntries(sessions.filter(([, data]) => !('_session_moved' in data)))
}

describe('vectors: session_middleware', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const vector of loadVectors<Input, Expected>('session_middleware')) {
    const { name, input } = vector
    it(name, async () => {
      setClock({ now: () => input.now * 1000 })
      const expected = withNestedChangesSeen(input, vector.expected)
      Object.assign(script, {
        steps: input.steps,
        status: input.view_status,
        results: [],
        newKeys: [...input.new_keys],
      })
      const settings: Settings = {
        SECRET_KEY: input.secret,
        ROOT_URLCONF: 'test.contrib.sessions.fixtures.steps',
        SESSION_ENGINE: 'test.contrib.sessions.fixtures.steps',
        MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
        ALLOWED_HOSTS: ['*'],
        ...input.settings,
      }
      const release = captureLogs(() => {})
      try {
        await withDatabase(async () => {
          if (input.stored !== null) {
            await connection('django_session').insert({
              session_key: input.cookie,
              session_data: encodeSession(input.stored),
              expire_date: toDatabaseDate((input.now + (input.stored_expires_in ?? 0)) * 1000),
            })
          }
          const cookieName = input.settings.SESSION_COOKIE_NAME ?? 'sessionid'
          const headers = input.cookie === null ? {} : { cookie: `${cookieName}=${input.cookie}` }
          const response = await new Client().get('/', { headers })
          expect(response.status).to.equal(expected.status)
          expect(script.results).to.deep.equal(expected.view_results)
          expect(await rows()).to.deep.equal(expected.rows)
          if (expected.raised !== undefined) return
          expect(response.setCookie).to.deep.equal(expected.set_cookie)
          expect(response.headers.vary ?? null).to.equal(expected.vary)
        }, settings)
      } finally {
        release()
      }
    })
  }
})
