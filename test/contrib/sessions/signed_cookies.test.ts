/** A session in a cookie is limited by the size that browsers accept. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { openSession, SessionTooBig } from '#core/contrib/sessions'
import { SessionStore } from '#core/contrib/sessions/backends/signed_cookies'
import { randomString, setClock } from '#core/utils'

describe('the signed_cookies engine', () => {
  before(() => setup())
  afterEach(() => setClock())

  it('checks the age of a cookie that it has just written as strictly as any other', async () => {
    const store = new SessionStore()
    const now = Date.now()
    setClock({ now: () => now })
    const { key } = await store.create({ data: { a: 1 }, expiresAt: now + 1000 })
    await overrideSettings({ SESSION_COOKIE_AGE: 60 }, async () => {
      setClock({ now: () => Math.floor(now / 1000) * 1000 + 60_000 })
      expect(store.loadSync(key)?.data).to.deep.equal({ a: 1 })
      setClock({ now: () => Math.floor(now / 1000) * 1000 + 60_001 })
      expect(store.loadSync(key)).to.equal(undefined)
    })
  })

  it('refuses a cookie that is too large for browsers, and names the largest keys', async () => {
    const session = openSession(new SessionStore())
    session.update({ small: 1, cart: randomString(5000), notes: randomString(500) })
    const error = await session.save().catch((each: unknown) => each)
    expect(error).to.be.instanceOf(SessionTooBig)
    expect((error as Error).message).to.match(/would have \d+ bytes, .* cart \(5002\), notes \(502\), small \(1\)/)
  })

  it('accepts every session up to 4096 bytes, including the name of the cookie, and none beyond', async () => {
    for (const name of ['s', 'a_name_of_some_length']) {
      await overrideSettings({ SESSION_COOKIE_NAME: name }, async () => {
        for (let length = 3700; length < 4100; length += 2) {
          const store = new SessionStore()
          const data = { text: randomString(length) }
          const size = await store.create({ data, expiresAt: Date.now() + 1000 }).then(
            ({ key }) => name.length + key.length,
            () => Number.POSITIVE_INFINITY,
          )
          expect(size <= 4096 || size === Number.POSITIVE_INFINITY).to.equal(true)
          if (length === 3700) expect(size).to.be.lessThan(4097)
          if (length === 4098) expect(size).to.equal(Number.POSITIVE_INFINITY)
        }
      })
    }
  })
})
