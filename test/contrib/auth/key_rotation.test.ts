/** Concurrent requests of one browser: logins, rotations of the session key, polls, and views that end their session. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { passwordResetMailsSent, User } from '#core/contrib/auth'
import { connection } from '#core/db'
import { outbox } from '#core/mail'
import { Client, type ClientResponse } from '#core/test'
import { setClock } from '#core/utils'
import { atGate, openGate } from './fixtures/key_rotation.ts'
import { APPS, inUsers } from './installed.ts'

const PASSWORD = 'a long secret'
const DEVICES = 'core.contrib.session_devices'
const CART = [{ name: 'book', count: 1 }]
const FOLDER = mkdtempSync(path.join(tmpdir(), 'nuages-moving-'))

interface Body {
  readonly user: string
  readonly content: Record<string, unknown>
}

const SITE: Settings = {
  ROOT_URLCONF: 'test.contrib.auth.fixtures.key_rotation',
  INSTALLED_APPS: [...APPS, DEVICES],
  MIDDLEWARE: [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  LOGIN_REDIRECT_URL: '/who',
  EMAIL_BACKEND: 'django.core.mail.backends.locmem.EmailBackend',
  TEMPLATES: [{ BACKEND: 'django.template.backends.django.DjangoTemplates', APP_DIRS: true }],
  SECRET_KEY: 'k'.repeat(50),
  SESSION_FILE_PATH: FOLDER,
  CACHES: { default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'moving' } },
}

const ENGINES = ['db', 'cache', 'cached_db', 'file', 'signed_cookies'] as const

/** A client with the cookies of another, as if the request had been sent before the other's next response. */
function twin(client: Client): Client {
  const copy = new Client()
  for (const [name, value] of client.cookies) copy.cookies.set(name, value)
  return copy
}

/** The cookies of a browser that gets these responses in this order. */
function browserAfter(before: Client, responses: readonly ClientResponse[]): Client {
  const browser = twin(before)
  for (const { cookies } of responses) {
    for (const { name, value, attributes } of Object.values(cookies)) {
      if (attributes['max-age'] === '0') browser.cookies.delete(name)
      else browser.cookies.set(name, value)
    }
  }
  return browser
}

/** Both orders in which two responses can arrive. */
const orders = ([a, b]: readonly [ClientResponse, ClientResponse]) => [
  [a, b],
  [b, a],
]

const logIn = (client: Client, username = 'ada'): Promise<ClientResponse> =>
  client.post('/accounts/login/', { data: { username, password: PASSWORD } })

const seen = async (client: Client): Promise<Body> => (await client.get('/who')).json<Body>()

after(() => rmSync(FOLDER, { recursive: true, force: true }))

for (const engine of ENGINES) {
  describe(`concurrent requests of one browser, with the engine ${engine}`, () => {
    before(() => setup())
    inUsers({ ...SITE, SESSION_ENGINE: `core.contrib.sessions.backends.${engine}` })
    let client: Client
    beforeEach(async () => {
      for (const table of ['auth_user', 'django_session', 'session_devices']) await connection(table).delete()
      await User.objects.createUser('ada', 'ada@example.com', PASSWORD)
      await User.objects.createUser('bob', 'bob@example.com', PASSWORD)
      client = new Client()
      await client.get('/cart')
    })
    afterEach(() => setClock())

    const keepsRecords = engine !== 'signed_cookies'

    it('a double click on "Log in" ends logged in, with the cart, whichever response comes last', async () => {
      const clicks = [twin(client), twin(client)] as const
      const responses = await Promise.all([logIn(clicks[0]), logIn(clicks[1])])
      expect(responses.map(({ status }) => status)).to.deep.equal([302, 302])
      for (const order of orders(responses)) {
        const { user, content } = await seen(browserAfter(client, order))
        expect(user).to.equal('ada')
        expect(content.cart).to.deep.equal(CART)
      }
    })

    it('a second click that arrives after the first login has finished ends in the same session', async () => {
      const [first, second] = [twin(client), twin(client)]
      const responses = [await logIn(first), await logIn(second)] as const
      for (const order of orders(responses)) {
        const { user, content } = await seen(browserAfter(client, order))
        expect(user).to.equal('ada')
        expect(content.cart).to.deep.equal(CART)
      }
      if (keepsRecords) expect(second.cookies.get('sessionid')).to.equal(first.cookies.get('sessionid'))
    })

    it('a page of four requests after a change of SECRET_KEY keeps its login, its cart and its cookie', async () => {
      await logIn(client)
      const key = client.cookies.get('sessionid')
      await overrideSettings({ SECRET_KEY: 'n'.repeat(50), SECRET_KEY_FALLBACKS: ['k'.repeat(50)] }, async () => {
        const requests = Array.from({ length: 4 }, () => twin(client))
        const bodies = await Promise.all(requests.map((each) => seen(each)))
        for (const { user, content } of bodies) {
          expect(user).to.equal('ada')
          expect(content.cart).to.deep.equal(CART)
        }
        if (keepsRecords) for (const each of requests) expect(each.cookies.get('sessionid')).to.equal(key)
        expect((await seen(requests[0] as Client)).user).to.equal('ada')
      })
    })

    it('a poll that was sent before the login and finished after it leaves the new cookie alone', async () => {
      const poll = twin(client)
      const arrived = atGate()
      const slow = poll.get('/slowly/read')
      await arrived
      const login = await logIn(client)
      openGate()
      const polled = await slow
      expect(polled.status).to.equal(200)
      expect(polled.setCookie).to.deep.equal([])
      expect((await seen(browserAfter(client, [login, polled]))).user).to.equal('ada')
    })

    if (!keepsRecords) return

    it('three views that change the key at the same time keep the login, and all their changes', async () => {
      await logIn(client)
      const requests = Array.from({ length: 3 }, () => twin(client))
      const arrived = Promise.all(requests.map(() => atGate()))
      const responses = requests.map((each) => each.get('/slowly/cycle'))
      await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 50))])
      openGate()
      const done = await Promise.all(responses)
      expect(done.map(({ status }) => status)).to.deep.equal([200, 200, 200])
      expect(done.filter(({ setCookie }) => setCookie.length > 0)).to.have.length(1)
      const { user, content } = await seen(browserAfter(client, done.toReversed()))
      expect(user).to.equal('ada')
      expect(content).to.include({ slow: true }).and.to.have.property('cart')
    })

    for (const what of ['change', 'save', 'atomic', 'cycle']) {
      it(`a request in flight during a rotation by the same user saves in the new session (${what})`, async () => {
        await logIn(client)
        const [slow, arrived] = [twin(client), atGate()]
        const response = slow.get(`/slowly/${what}`)
        await arrived
        await client.get('/cycle/quick')
        openGate()
        expect((await response).status).to.equal(200)
        expect((await response).setCookie).to.deep.equal([])
        const { user, content } = await seen(client)
        expect(user).to.equal('ada')
        expect(content).to.include({ quick: true, slow: true })
      })
    }

    for (const what of ['change', 'save', 'atomic', 'cycle']) {
      it(`a request from before a login saves in the new session, and sees none of its content (${what})`, async () => {
        const [slow, arrived] = [twin(client), atGate()]
        const response = slow.get(`/slowly/${what}`)
        await arrived
        await logIn(client)
        openGate()
        const { setCookie, status } = await response
        expect([status, setCookie]).to.deep.equal([200, []])
        expect((await response).json<Body>()).to.deep.equal({
          user: 'AnonymousUser',
          content: { cart: CART, slow: true },
        })
        const { user, content } = await seen(client)
        expect(user).to.equal('ada')
        expect(content).to.include({ slow: true })
      })
    }

    it('a later request with the old key is anonymous, changes nothing and leaves the cookie', async () => {
      const old = twin(client)
      await logIn(client)
      const late = await twin(old).get('/who')
      expect(late.json()).to.deep.equal({ user: 'AnonymousUser', content: {} })
      expect(late.setCookie).to.deep.equal([])
      for (const page of ['/cart', '/cycle/late']) {
        const visit = await twin(old).get(page)
        expect([visit.status, visit.setCookie]).to.deep.equal([200, []])
        const changing = await twin(old).post(page)
        expect([changing.status, changing.setCookie]).to.deep.equal([400, []])
      }
      const { user, content } = await seen(client)
      expect([user, content.cart]).to.deep.equal(['ada', CART])
    })

    it('the old key is unknown again after a minute', async () => {
      const old = twin(client)
      await logIn(client)
      const later = Date.now() + 61_000
      setClock({ now: () => later })
      expect((await old.get('/who')).setCookie.join()).to.include('Max-Age=0')
    })

    it('a logout that was sent before a rotation ends the session under its new key', async () => {
      await logIn(client)
      const [slow, arrived] = [twin(client), atGate()]
      const response = slow.get('/slowly/logout')
      await arrived
      await client.get('/cycle/quick')
      openGate()
      await response
      expect((await seen(client)).user).to.equal('AnonymousUser')
    })

    for (const what of ['change', 'save', 'atomic', 'cycle']) {
      it(`a request whose session was ended meanwhile gets a 400, and leaves a cookie that may be newer (${what})`, async () => {
        await logIn(client)
        const [slow, arrived] = [twin(client), atGate()]
        const response = slow.get(`/slowly/${what}`)
        await arrived
        await client.post('/accounts/logout/')
        await logIn(client)
        openGate()
        expect([(await response).status, (await response).setCookie]).to.deep.equal([400, []])
        expect((await seen(browserAfter(client, [await response]))).user).to.equal('ada')
      })
    }

    it('a view that fails after it has changed the key loses its changes, and not the session', async () => {
      await logIn(client)
      const old = twin(client)
      expect((await client.get('/cycle-and-fail')).status).to.equal(500)
      const { user, content } = await seen(client)
      expect([user, content.cart, content.unsaved]).to.deep.equal(['ada', CART, undefined])
      expect((await seen(old)).user).to.equal('AnonymousUser')
    })

    it('another user’s login with the old key gets a session of its own', async () => {
      const [ada, bob] = [twin(client), twin(client)]
      await logIn(ada)
      await logIn(bob, 'bob')
      expect((await seen(ada)).user).to.equal('ada')
      const { user, content } = await seen(bob)
      expect([user, content.cart]).to.deep.equal(['bob', undefined])
    })

    for (const how of ['flush', 'delete', 'delete-key', 'logout', 'all-devices', 'this-device']) {
      it(`a view may change its session after it has ended it (${how})`, async () => {
        await logIn(client)
        const old = twin(client)
        const response = await client.get(`/end/${how}`)
        expect(response.status).to.equal(200)
        const { user, content } = await seen(client)
        expect(user).to.equal('AnonymousUser')
        expect(content.after).to.equal(true)
        expect(content).not.to.have.any.keys('cart', '_auth_user_id')
        expect((await seen(old)).user).to.equal('AnonymousUser')
      })
    }

    it('a password reset by a logged-in user ends this session, too, without an error', async () => {
      await logIn(client)
      await client.post('/accounts/password_reset/', { data: { email: 'ada@example.com' } })
      await passwordResetMailsSent()
      const link = /https?:\/\/testserver(\S+)/.exec(outbox.at(-1)?.body ?? '')?.[1] as string
      const page = (await client.get(link)).headers.location as string
      const data = { new_password1: 'another long secret', new_password2: 'another long secret' }
      const reset = await client.post(page, { data })
      expect([reset.status, reset.headers.location]).to.deep.equal([302, '/accounts/reset/done/'])
      expect((await seen(client)).user).to.equal('AnonymousUser')
    })
  })
}
