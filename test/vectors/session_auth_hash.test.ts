/** The hash of the password field in a session, and the handling of a session with another hash. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { getUser, login, sessionAuthHash, User } from '#core/contrib/auth'
import { openSession, type Session } from '#core/contrib/sessions'
import type { HttpRequest } from '#core/http'
import { RequestFactory } from '#core/test'
import { inUsers } from '../contrib/auth/installed.ts'
import { MemoryStore } from '../contrib/sessions/memory_store.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'hash' | 'login_session' | 'check'
  readonly password_field: string
  readonly secret: string
  readonly fallback_keys?: readonly string[]
  readonly user_pk: number
  readonly backend: string
  readonly session_hash: string | null
}

interface Expected {
  readonly hex: string
  readonly session: object
  readonly user: boolean
  readonly action: 'none' | 'flush' | 'cycle key and store the current hash'
}

const BACKEND = 'django.contrib.auth.backends.ModelBackend'
const HASH = '_auth_user_hash'

async function userWith(id: number, password: string): Promise<User> {
  for (const user of await User.objects.all()) await user.delete()
  return User.objects.create({ id, username: 'ada', password })
}

/** A request with a session that is stored under a key. */
async function requestWith(data: Record<string, unknown>): Promise<HttpRequest & { session: Session }> {
  const store = new MemoryStore()
  const stored = openSession(store)
  stored.update(data)
  await stored.save()
  const request = await new RequestFactory().get('/')
  request.session = openSession(store, stored.sessionKey)
  await request.session.load()
  return request
}

async function check(input: Input, expected: Expected): Promise<void> {
  await userWith(7, input.password_field)
  const hash = input.session_hash === null ? {} : { [HASH]: input.session_hash }
  const request = await requestWith({ _auth_user_id: '7', _auth_user_backend: BACKEND, ...hash })
  const before = request.session.sessionKey
  expect((await getUser(request)) !== null).to.equal(expected.user)
  const { session } = request
  // Django rotates the session key together with the hash. Here the key stays: requests that are sent together would
  // otherwise rotate it together.
  if (expected.action !== 'flush') expect(session.sessionKey).to.equal(before)
  else expect(session.sessionKey).not.to.equal(before)
  if (expected.action === 'flush') expect(session.keys()).to.deep.equal([])
  else expect(session.get(HASH)).to.equal(sessionAuthHash(input.password_field))
}

describe('vectors: session_auth_hash', () => {
  before(() => setup())
  inUsers()
  for (const { name, input, expected } of loadVectors<Input, Expected>('session_auth_hash')) {
    it(name, () =>
      overrideSettings({ SECRET_KEY: input.secret, SECRET_KEY_FALLBACKS: input.fallback_keys ?? [] }, async () => {
        if (input.op === 'hash') expect(sessionAuthHash(input.password_field)).to.equal(expected.hex)
        else if (input.op === 'check') await check(input, expected)
        else {
          const request = await requestWith({})
          await login(request, await userWith(input.user_pk, input.password_field), input.backend)
          expect(request.session.toJSON()).to.deep.equal(expected.session)
        }
      }),
    )
  }
})
