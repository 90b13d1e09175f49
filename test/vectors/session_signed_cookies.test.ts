/** Cookie values of the signed_cookies engine, as Django writes and reads them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import type { SessionDict } from '#core/contrib/sessions'
import { setClock } from '#core/utils'
import { SessionStore } from '../../core/contrib/sessions/backends/signed_cookies.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'save' | 'load'
  readonly data: SessionDict
  readonly cookie: string
  readonly cookie_age?: number
  readonly secret: string
  readonly fallback_keys?: string[]
  readonly now: number
}

interface Expected {
  readonly cookie: string
  readonly exact?: boolean
  readonly data: SessionDict
}

const hasEnded = (name: string): boolean => /expiry negative|own expiry is ignored/.test(name)

describe('vectors: session_signed_cookies', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('session_signed_cookies')) {
    it(name, async () => {
      setClock({ now: () => input.now * 1000 })
      const overrides = {
        SECRET_KEY: input.secret,
        SECRET_KEY_FALLBACKS: input.fallback_keys ?? [],
        SESSION_COOKIE_AGE: input.cookie_age ?? 1_209_600,
      }
      await overrideSettings(overrides, async () => {
        const store = new SessionStore()
        // Django ignores a session's own expiry here. Ours takes effect.
        if (hasEnded(name)) {
          const cookie = input.op === 'load' ? input.cookie : expected.cookie
          expect(await store.load(cookie)).to.equal(undefined)
          return
        }
        if (input.op === 'load') {
          expect((await store.load(input.cookie))?.data ?? {}).to.deep.equal(expected.data)
          return
        }
        const { key } = await store.create({ data: input.data, expiresAt: input.now * 1000 })
        if (expected.exact === true) expect(key).to.equal(expected.cookie)
        for (const each of [key, expected.cookie]) expect((await store.load(each))?.data).to.deep.equal(input.data)
      })
    })
  }
})
