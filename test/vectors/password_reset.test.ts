/** Tokens of password reset links compared with Django's, and the ids in the links. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { base36ToInt, decodeUid, defaultTokenGenerator, encodeUid, intToBase36 } from '#core/contrib/auth'
import { setClock } from '#core/utils'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'make' | 'check' | 'base36' | 'base36_decode' | 'uidb64'
  readonly user: { pk: number; password: string; last_login: string | null; email: string | null }
  readonly token: string
  readonly secret: string
  readonly fallback_keys?: readonly string[]
  readonly now_local: string
  readonly timeout?: number
  readonly number: number
  readonly text: string
  readonly value: string
}

interface Expected {
  readonly token: string
  readonly ok: boolean
  readonly text: string
}

const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`)

const userOf = ({ user }: Input) => ({
  id: user.pk,
  password: user.password,
  email: user.email,
  lastLogin: user.last_login === null ? null : new Date(utc(user.last_login) + 123),
})

function run(input: Input): object {
  if (input.op === 'make') return { token: defaultTokenGenerator.makeToken(userOf(input)) }
  return { ok: defaultTokenGenerator.checkToken(userOf(input), input.token) }
}

describe('vectors: password_reset', () => {
  before(() => setup())
  afterEach(() => setClock())
  for (const { name, input, expected } of loadVectors<Input, Expected>('password_reset')) {
    it(name, async () => {
      if (input.op === 'base36') {
        expect(intToBase36(input.number)).to.equal(expected.text)
        expect(base36ToInt(expected.text)).to.equal(input.number)
      } else if (input.op === 'base36_decode') expect(() => base36ToInt(input.text)).to.throw(TypeError)
      else if (input.op === 'uidb64') {
        expect(encodeUid(input.value)).to.equal(expected.text)
        expect(decodeUid(expected.text)).to.equal(input.value)
      } else {
        setClock({ now: () => utc(input.now_local) + 321 })
        const keys = { SECRET_KEY: input.secret, SECRET_KEY_FALLBACKS: input.fallback_keys ?? [] }
        const zone = { TIME_ZONE: 'UTC', USE_TZ: true, PASSWORD_RESET_TIMEOUT: input.timeout ?? 259_200 }
        await overrideSettings({ ...keys, ...zone }, () => {
          expect(expected).to.include(run(input))
        })
      }
    })
  }
})
