/** The requirements of OWASP ASVS 5.0 on sessions, cookies and requests; see docs/topics/security.md. */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { passwordResetMailsSent } from '../../core/contrib/auth/views/password_reset.ts'
import { devices } from '#core/contrib/session_devices'
import { newSessionKey, openSession, openSessionStore } from '#core/contrib/sessions'
import { connection } from '#core/db'
import { outbox } from '#core/mail'
import { callCommand } from '#core/management'
import type { ClientResponse } from '#core/test'
import { captureLogs, setClock } from '#core/utils'
import { Browser, COOKIE, copyOf, loggedIn, NEW_PASSWORD, onSite, PASSWORD } from './site.ts'

const NOW = Date.now()
const at = (seconds: number): void => setClock({ now: () => NOW + seconds * 1000 })

/** Responses of each kind: a page, a redirect, a refusal, a missing page, an error. */
async function responses(): Promise<ClientResponse[]> {
  const browser = new Browser()
  const refused = await browser.client.post('/open', { secure: true })
  const got = await Promise.all(['/accounts/login/', '/me', '/nowhere', '/failing'].map((each) => browser.get(each)))
  const all = [...got, refused]
  expect(all.map(({ status }) => status)).to.deep.equal([200, 302, 404, 500, 403])
  return all
}

const headersOf = async (name: string): Promise<string[]> =>
  (await responses()).map(({ headers }) => String(headers[name] ?? ''))

const rows = async (): Promise<unknown[]> => (await connection('django_session').pluck('session_key')) as unknown[]

describe('ASVS 5.0', () => {
  let release: () => void
  before(() => setup())
  beforeEach(() => {
    release = captureLogs(() => {})
  })
  afterEach(() => {
    release()
    setClock()
  })

  describe('V7 Session Management', () => {
    it('7.2.1: a session is the content in the store on the server, whatever else the client sends', () =>
      onSite(async () => {
        const browser = await loggedIn()
        await connection('django_session').delete()
        expect(await browser.who()).to.equal(undefined)
      }))

    it('7.2.3: keys are from the system’s random generator, with more than 128 bits, and none is repeated', () => {
      const { randomInt } = crypto
      let draws = 0
      crypto.randomInt = (max: number) => {
        draws++
        return randomInt(max)
      }
      syncBuiltinESMExports()
      try {
        const keys = Array.from({ length: 5000 }, newSessionKey)
        expect(new Set(keys)).to.have.property('size', keys.length)
        // One random number for each character.
        expect(draws).to.equal(5000 * 32)
        for (const key of keys) expect(key).to.match(/^[a-z0-9]{32}$/)
        for (let place = 0; place < 32; place++) expect(new Set(keys.map((key) => key[place])).size).to.equal(36)
        expect(32 * Math.log2(36)).to.be.above(128)
      } finally {
        crypto.randomInt = randomInt
        syncBuiltinESMExports()
      }
    })

    it('7.2.4: a login creates a new key, and invalidates the former one', () =>
      onSite(async () => {
        const browser = new Browser()
        await browser.get('/fill')
        const before = copyOf(browser)
        await browser.login()
        expect(await browser.who()).to.equal('ada')
        expect(browser.key)
          .to.match(/^[a-z0-9]{32}$/)
          .and.not.equal(before.key)
        expect(await before.who()).to.equal(undefined)
        // What is left under the old key is a marker, which is no session.
        expect(await rows()).to.have.members([browser.key, before.key])
        expect(await openSession(openSessionStore(), before.key).load()).to.deep.equal({})
        expect(await openSession(openSessionStore()).exists(before.key as string)).to.equal(false)
      }))

    it('7.3.1: a user without requests for SESSION_COOKIE_AGE seconds has to log in again, one who only reads does not', () =>
      onSite(async () => {
        at(0)
        const [active, idle] = [await loggedIn(), await loggedIn()]
        for (const seconds of [3000, 6000, 9000]) {
          at(seconds)
          expect(await active.who()).to.equal('ada')
        }
        expect(await copyOf(idle).who()).to.equal(undefined)
        at(12_700)
        expect(await copyOf(active).who()).to.equal(undefined)
      }))

    it('7.3.2: after SESSION_MAX_LIFETIME seconds every user has to log in again, even an active one', () =>
      onSite(async () => {
        at(0)
        const browser = await loggedIn()
        for (let seconds = 3000; seconds < 43_200; seconds += 3000) {
          at(seconds)
          expect(await browser.who()).to.equal('ada')
        }
        const key = copyOf(browser)
        at(43_201)
        expect(await key.who()).to.equal(undefined)
        await browser.login()
        expect(await browser.who()).to.equal('ada')
      }))

    for (const engine of ['db', 'cache', 'cached_db', 'file']) {
      it(`7.4.1: after a logout nothing is left on the server, and a copy of the cookie is invalid (${engine})`, () =>
        onSite(
          async () => {
            const browser = await loggedIn()
            const copy = copyOf(browser)
            expect(await copy.who()).to.equal('ada')
            const response = await browser.submit('/accounts/logout/', {})
            expect(response.cookies[COOKIE]?.attributes['max-age']).to.equal('0')
            expect([await browser.who(), await copy.who()]).to.deep.equal([undefined, undefined])
            expect(await rows()).to.deep.equal([])
          },
          { SESSION_ENGINE: `core.contrib.sessions.backends.${engine}` },
        ))
    }

    it('7.4.2: a disabled or deleted user is logged out everywhere from the next request on', () =>
      onSite(async (ada) => {
        const browsers = [await loggedIn(), await loggedIn()]
        ada.isActive = false
        await ada.save()
        for (const browser of browsers) expect(await browser.who()).to.equal(undefined)
        ada.isActive = true
        await ada.save()
        const again = await loggedIn()
        expect(await again.who()).to.equal('ada')
        await ada.delete()
        for (const browser of [...browsers, again]) expect(await browser.who()).to.equal(undefined)
      }))

    it('7.4.2: with devices.endAll no session is valid again when the user is enabled again', () =>
      onSite(async (ada) => {
        const browsers = [await loggedIn(), await loggedIn()]
        ada.isActive = false
        await ada.save()
        expect(await devices.endAll(String(ada.id))).to.equal(2)
        ada.isActive = true
        await ada.save()
        for (const browser of browsers) expect(await browser.who()).to.equal(undefined)
      }))

    it('7.4.3: a changed password ends all other sessions, and gives this one a new key', () =>
      onSite(async () => {
        const [browser, other] = [await loggedIn(), await loggedIn()]
        const before = copyOf(browser)
        expect((await browser.changePassword(PASSWORD)).status).to.equal(302)
        expect(await browser.who()).to.equal('ada')
        expect([await before.who(), await other.who()]).to.deep.equal([undefined, undefined])
      }))

    it('7.4.3: a password that was reset by a mailed link ends all sessions', () =>
      onSite(async () => {
        const other = await loggedIn()
        const browser = new Browser()
        outbox.length = 0
        await browser.submit('/accounts/password_reset/', { email: 'ada@example.com' }, '/accounts/password_reset/')
        await passwordResetMailsSent()
        const link = /https:\/\/testserver(\/\S+)/.exec(String(outbox[0]?.body))?.[1] ?? ''
        const form = String((await browser.get(link)).headers.location)
        const data = { new_password1: NEW_PASSWORD, new_password2: NEW_PASSWORD }
        expect((await browser.submit(form, data, form)).status).to.equal(302)
        expect(await other.who()).to.equal(undefined)
        await browser.login(NEW_PASSWORD)
        expect(await browser.who()).to.equal('ada')
      }))

    it('7.4.5: an administrator ends one user’s sessions by a command, and all sessions by a new SECRET_KEY', () =>
      onSite(async (ada) => {
        const first = await loggedIn()
        const io = { stdout: { write: () => {} } }
        await callCommand('sessions', 'end', String(ada.id), io)
        expect(await first.who()).to.equal(undefined)
        const second = await loggedIn()
        expect(await second.who()).to.equal('ada')
        await overrideSettings(
          { SECRET_KEY: 'another, since the first is to be good for nothing', SECRET_KEY_FALLBACKS: [] },
          async () => {
            expect(await copyOf(second).who()).to.equal(undefined)
          },
        )
      }))

    it('7.5.1: the password is changed only with the old one', () =>
      onSite(async () => {
        const browser = await loggedIn()
        const response = await browser.changePassword('a guess')
        expect([response.status, response.text.includes('entered incorrectly')]).to.deep.equal([200, true])
        expect((await new Browser().login(NEW_PASSWORD)).status).to.equal(200)
        expect((await new Browser().login(PASSWORD)).status).to.equal(302)
      }))

    it('7.5.2: users see their sessions, and end one or all others after they enter their password again', () =>
      onSite(async () => {
        const [browser, second, third] = [await loggedIn(), await loggedIn(), await loggedIn()]
        type Listed = { devices: { id: string; isCurrent: boolean }[] }
        const listed = async (by: Browser): Promise<Listed['devices']> =>
          (await by.get('/devices')).json<Listed>().devices
        expect((await listed(browser)).map(({ isCurrent }) => isCurrent)).to.have.members([true, false, false])
        const id = (await listed(second)).find(({ isCurrent }) => isCurrent)?.id ?? ''
        expect((await browser.submit('/devices/end', { id, password: 'a guess' })).status).to.equal(403)
        expect(await second.who()).to.equal('ada')
        await browser.submit('/devices/end', { id, password: PASSWORD })
        expect([await second.who(), await third.who()]).to.deep.equal([undefined, 'ada'])
        await browser.submit('/devices/end', { password: PASSWORD })
        expect([await browser.who(), await third.who()]).to.deep.equal(['ada', undefined])
      }))

    it('7.6.2: no session or login is created by a request that does not need one', () =>
      onSite(async () => {
        const browser = new Browser()
        await browser.get('/open')
        await browser.get('/me')
        await browser.get(`/accounts/login/?username=ada&password=${encodeURIComponent(PASSWORD)}`)
        expect([browser.key, await rows()]).to.deep.equal([undefined, []])
        expect(await browser.who()).to.equal(undefined)
      }))
  })

  describe('V3.3 Cookie Setup', () => {
    const lines = (): Promise<string[]> =>
      onSite(async () => {
        const browser = new Browser()
        const responses = [await browser.get('/fill'), await browser.get('/accounts/login/')]
        responses.push(await browser.login(), await browser.submit('/accounts/logout/', {}))
        return responses.flatMap(({ setCookie }) => setCookie)
      })

    it('3.3.1: every cookie, also one that is deleted, is Secure and has a prefix in its name', async () => {
      const sent = await lines()
      expect(sent.filter((line) => line.includes('Max-Age=0'))).to.have.length(1)
      for (const line of sent) expect(line).to.match(/^__Host-\w+=.*; Secure$/)
    })

    it('3.3.2: every cookie has SameSite=Lax, or the value of its setting', async () => {
      for (const line of await lines()) expect(line).to.contain('; SameSite=Lax')
    })

    it('3.3.3: every cookie belongs to its host only: __Host-, the path /, no domain', async () => {
      const sent = await lines()
      expect(new Set(sent.map((line) => line.split('=')[0]))).to.deep.equal(new Set([COOKIE, '__Host-csrftoken']))
      for (const line of sent) expect(line).to.contain('; Path=/;').and.not.contain('Domain')
    })

    for (const DEBUG of [false, true]) {
      it(`3.3.4: scripts cannot read a key: HttpOnly, and only in Set-Cookie (${DEBUG ? 'under DEBUG' : 'in production'})`, () =>
        onSite(
          async () => {
            const browser = new Browser()
            const responses = [await browser.login()]
            const key = browser.key as string
            expect(responses[0]?.setCookie.filter((line) => line.includes(key))).to.have.length(1)
            for (const line of responses[0]?.setCookie ?? []) expect(line).to.contain('; HttpOnly')
            for (const address of ['/me', '/devices', '/accounts/password_change/', '/nowhere', '/failing']) {
              responses.push(await browser.get(address, { accept: 'text/html' }))
            }
            for (const { text, headers } of responses) {
              expect(text).not.to.contain(key)
              expect(JSON.stringify({ ...headers, 'set-cookie': '' })).not.to.contain(key)
            }
          },
          { DEBUG },
        ))
    }

    for (const storage of ['session.SessionStorage', 'fallback.FallbackStorage']) {
      it(`3.3.5: no cookie grows with the session or its messages (${storage})`, () =>
        onSite(
          async () => {
            const { status, setCookie } = await new Browser().get('/fill')
            expect([status, setCookie.length]).to.deep.equal([200, storage.startsWith('s') ? 1 : 2])
            for (const line of setCookie) expect((line.split(';')[0] as string).length).to.be.below(4097)
          },
          { MESSAGE_STORAGE: `core.contrib.messages.storage.${storage}` },
        ))
    }
  })

  describe('V3.4 Browser Security Mechanism Headers', () => {
    it('3.4.1: every response has HSTS for a year, for subdomains too', () =>
      onSite(async () => {
        for (const value of await headersOf('strict-transport-security')) {
          expect(value).to.equal('max-age=31536000; includeSubDomains')
        }
      }))

    it('3.4.2: no response can be read by another origin', () =>
      onSite(async () => {
        const browser = await loggedIn()
        const { headers } = await browser.get('/me', { origin: 'https://evil.example' })
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).to.deep.equal([])
      }))

    it('3.4.3: every response has a policy without objects and bases, and a new nonce if it has a script or a style', () =>
      onSite(async () => {
        for (const value of await headersOf('content-security-policy')) {
          expect(value).to.contain("object-src 'none'").and.contain("base-uri 'none'").and.contain("default-src 'self'")
        }
        const browser = new Browser()
        const pages = [await browser.get('/accounts/login/'), await browser.get('/accounts/login/')]
        const nonces = pages.map(({ text }) => /<style nonce="([\w-]+)"/.exec(text)?.[1])
        pages.forEach(({ headers }, i) => expect(headers['content-security-policy']).to.contain(`'nonce-${nonces[i]}'`))
        expect(nonces[0]).not.to.equal(nonces[1])
      }))

    it('3.4.4: every response has nosniff', () =>
      onSite(async () => {
        expect(new Set(await headersOf('x-content-type-options'))).to.deep.equal(new Set(['nosniff']))
      }))

    it('3.4.5: every response has a referrer policy', () =>
      onSite(async () => {
        expect(new Set(await headersOf('referrer-policy'))).to.deep.equal(new Set(['same-origin']))
      }))

    it('3.4.6: no response may be framed', () =>
      onSite(async () => {
        for (const value of await headersOf('content-security-policy')) {
          expect(value).to.contain("frame-ancestors 'none'")
        }
      }))

    it('3.4.7: every policy has a URL for reports of violations', () =>
      onSite(async () => {
        for (const value of await headersOf('content-security-policy'))
          expect(value).to.contain('report-uri /csp-reports')
      }))

    it('3.4.8: every response has an opener policy', () =>
      onSite(async () => {
        expect(new Set(await headersOf('cross-origin-opener-policy'))).to.deep.equal(new Set(['same-origin']))
      }))
  })

  describe('V3.5 Browser Origin Separation', () => {
    it('3.5.1: a form of another site, or one without the token, is refused and has no effect', () =>
      onSite(async () => {
        const browser = await loggedIn()
        const stranger = { secure: true, headers: { origin: 'https://evil.example' } }
        const withToken = { ...stranger, data: { csrfmiddlewaretoken: await browser.token() } }
        for (const sent of [stranger, withToken]) {
          expect((await browser.client.post('/accounts/logout/', sent)).status).to.equal(403)
        }
        const ours = { secure: true, headers: { origin: 'https://testserver' } }
        expect((await browser.client.post('/accounts/logout/', ours)).status).to.equal(403)
        expect(await browser.who()).to.equal('ada')
        const victim = new Browser()
        const data = { username: 'ada', password: PASSWORD }
        expect((await victim.client.post('/accounts/login/', { ...stranger, data })).status).to.equal(403)
        expect(await victim.who()).to.equal(undefined)
      }))

    it('3.5.2: no check depends on a preflight: text and JSON from another site are refused like a form', () =>
      onSite(async () => {
        const browser = await loggedIn()
        const password = JSON.stringify({ password: PASSWORD })
        for (const contentType of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
          const sent = { secure: true, headers: { origin: 'https://evil.example' }, data: password, contentType }
          expect((await browser.client.post('/devices/end', sent)).status).to.equal(403)
        }
      }))

    it('3.5.3: login, logout and a change of the password require POST', () =>
      onSite(async () => {
        const browser = await loggedIn()
        expect((await browser.get('/accounts/logout/')).status).to.equal(405)
        const fields = `old_password=${PASSWORD}&new_password1=${NEW_PASSWORD}&new_password2=${NEW_PASSWORD}`
        await browser.get(`/accounts/password_change/?${encodeURI(fields)}`)
        expect(await browser.who()).to.equal('ada')
        expect((await new Browser().login(PASSWORD)).status).to.equal(302)
      }))
  })
})
