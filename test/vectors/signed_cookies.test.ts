/** Signed cookies, through a request and its response: under the salt of newer Django releases, and that of older ones. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { CookieJar } from '#core/http'
import { RequestFactory } from '#core/test'
import { setClock } from '#core/utils'
import { getCookieSigner } from '#core/signing'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'set' | 'get'
  readonly scheme?: 'legacy' | 'v2'
  readonly accept?: 'legacy' | 'v2' | 'both'
  readonly name: string
  readonly value?: string
  readonly cookie?: string
  readonly salt: string
  readonly secret: string
  readonly fallback_keys?: readonly string[]
  readonly now: number
  readonly max_age?: number | null
}

interface Expected {
  readonly value?: string
  readonly signer_salt?: string
  readonly ok?: boolean
  readonly error?: string
}

function set({ scheme, name, value = '', salt }: Input, expected: Expected): void {
  if (expected.signer_salt !== undefined) {
    expect(getCookieSigner(expected.signer_salt).sign(value)).to.equal(expected.value)
  }
  // The older salt is read if a setting allows it, and never written.
  if (scheme === 'legacy') expect(getCookieSigner(name + salt).sign(value)).to.equal(expected.value)
  // A header cannot contain the value of one vector, so the cookie jar refuses it.
  else if (Buffer.from(value, 'latin1').toString('latin1') === value)
    expect(new CookieJar().setSigned(name, value, { salt }).value).to.equal(expected.value)
}

async function get({ name, cookie = '', salt, max_age: maxAge }: Input): Promise<string> {
  const request = await new RequestFactory().get('/', { headers: { cookie: `${name}=${cookie}` } })
  return request.getSignedCookie(name, { salt, ...(typeof maxAge === 'number' && { maxAge }) })
}

async function outcome(work: () => Promise<string>): Promise<Expected> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return { ok: false, error: (error as Error).name }
  }
}

describe('vectors: signed_cookies', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('signed_cookies')) {
    it(name, async () => {
      setClock({ now: () => input.now * 1000 })
      const settings = {
        SECRET_KEY: input.secret,
        SECRET_KEY_FALLBACKS: input.fallback_keys ?? [],
        SIGNED_COOKIE_LEGACY_SALT_FALLBACK: input.accept !== 'v2',
      }
      await overrideSettings(settings, async () => {
        if (input.op === 'set') set(input, expected)
        else expect(await outcome(() => get(input))).to.deep.equal(expected)
      })
    })
  }
})
