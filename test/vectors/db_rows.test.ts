/** Rows of django_session, as Django writes and reads them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { decodeSession, openSession, type SessionDict } from '#core/contrib/sessions'
import { connection } from '#core/db'
import { setClock } from '#core/utils'
import { SessionStore } from '../../core/contrib/sessions/backends/db.ts'
import { withDatabase } from '../contrib/sessions/database.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'save' | 'load' | 'clear_expired'
  readonly session_key: string
  readonly session_data: string
  readonly expire_date: string
  readonly data: SessionDict
  readonly set_expiry: number | null
  readonly cookie_age?: number
  readonly use_tz?: boolean
  readonly time_zone?: string
  readonly secret?: string
  readonly now: number
}

interface Expected {
  readonly session_key: string | null
  readonly session_data: string
  readonly expire_date: string
  readonly stored_data: SessionDict
  readonly data: SessionDict
  readonly exists: boolean
  readonly row_still_there: boolean
  readonly row_ending_now_kept: boolean
}

const row = async (key: string): Promise<Record<string, unknown> | undefined> =>
  (await connection('django_session').where('session_key', key).first()) as Record<string, unknown> | undefined

async function save(input: Input, expected: Expected): Promise<void> {
  const session = openSession(new SessionStore({ newKey: () => input.session_key }))
  session.update(input.data)
  if (input.set_expiry !== null) session.setExpiry(input.set_expiry)
  await session.save()
  const { session_key, session_data, expire_date } = expected
  expect(await row(input.session_key)).to.deep.equal({ session_key, session_data, expire_date })
  expect(decodeSession(expected.session_data)).to.deep.equal(expected.stored_data)
}

async function load(input: Input, expected: Expected): Promise<void> {
  const { session_key, session_data, expire_date } = input
  await connection('django_session').insert({ session_key, session_data, expire_date })
  const session = openSession(new SessionStore(), session_key)
  expect(await session.load()).to.deep.equal(expected.data)
  expect(session.sessionKey).to.equal(expected.session_key)
  expect(await session.exists(session_key)).to.equal(expected.exists)
  expect((await row(session_key)) !== undefined).to.equal(expected.row_still_there)
}

async function clearExpired(expected: Expected): Promise<void> {
  const ends = { now: '2024-06-15 13:06:40', past: '2024-06-15 13:06:39' }
  for (const [session_key, expire_date] of Object.entries(ends)) {
    await connection('django_session').insert({ session_key, session_data: '', expire_date })
  }
  expect(await new SessionStore().clearExpired()).to.equal(1)
  expect((await row('now')) !== undefined).to.equal(expected.row_ending_now_kept)
}

describe('vectors: db_rows', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('db_rows')) {
    it(name, async () => {
      setClock({ now: () => input.now * 1000 })
      const overrides: Settings = {
        ...(input.secret !== undefined && { SECRET_KEY: input.secret }),
        SESSION_COOKIE_AGE: input.cookie_age ?? 1_209_600,
        USE_TZ: input.use_tz ?? true,
        TIME_ZONE: input.time_zone ?? 'UTC',
      }
      await withDatabase(async () => {
        if (input.op === 'save') await save(input, expected)
        else if (input.op === 'load') await load(input, expected)
        else await clearExpired(expected)
      }, overrides)
    })
  }
})
