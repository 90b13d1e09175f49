/** The pages of the auth app: login, logout, change and reset of passwords. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { passwordResetMailsSent, User } from '#core/contrib/auth'
import { connection } from '#core/db'
import { outbox } from '#core/mail'
import { Client, type ClientResponse, overrideSettings } from '#core/test'
import { setClock } from '#core/utils'
import { inUsers } from './installed.ts'

const SITE: Settings = {
  ROOT_URLCONF: 'test.contrib.auth.fixtures.site',
  MIDDLEWARE: [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  LOGIN_REDIRECT_URL: '/who',
  EMAIL_BACKEND: 'django.core.mail.backends.locmem.EmailBackend',
  AUTH_PASSWORD_VALIDATORS: [
    { NAME: 'django.contrib.auth.password_validation.UserAttributeSimilarityValidator' },
    { NAME: 'django.contrib.auth.password_validation.MinimumLengthValidator', OPTIONS: { min_length: 10 } },
  ],
  TEMPLATES: [{ BACKEND: 'django.template.backends.django.DjangoTemplates', APP_DIRS: true }],
}

const PASSWORD = 'a long secret'
const NEW = 'quite another one'

/** The errors that a page shows. */
const errorsOf = ({ text }: ClientResponse): string[] =>
  [...text.matchAll(/<ul class="errorlist">(.*?)<\/ul>/g)].flatMap((list) =>
    [...(list[1] as string).matchAll(/<li>(.*?)<\/li>/g)].map((item) => item[1] as string),
  )

describe('the pages of the auth app', () => {
  before(() => setup())
  inUsers(SITE)
  let client: Client
  let ada: User
  beforeEach(async () => {
    outbox.length = 0
    for (const table of ['auth_user', 'django_session']) await connection(table).delete()
    ada = await User.objects.createUser('ada', 'ada@example.com', PASSWORD)
    client = new Client()
  })
  afterEach(() => setClock())

  const logIn = (from: Client, password = PASSWORD, next = '') =>
    from.post('/accounts/login/', { data: { username: 'ada', password, next } })
  const who = async (from: Client): Promise<string> => (await from.get('/who')).text

  describe('login', () => {
    it('asks for name and password, and is not cached', async () => {
      const page = await client.get('/accounts/login/?next=/members/7')
      expect(page.text).to.include('name="username"').and.include('type="password"').and.include('value="/members/7"')
      expect(page.headers['cache-control']).to.include('no-store')
    })

    it('shows the same error for a wrong name, a wrong password and an inactive user', async () => {
      const wrong = await logIn(client, 'wrong')
      ada.isActive = false
      await ada.save()
      const inactive = await logIn(client)
      const unknown = await client.post('/accounts/login/', { data: { username: 'x', password: 'y' } })
      expect(errorsOf(wrong)).to.have.length(1)
      expect(errorsOf(wrong)[0]).to.match(/correct username and password/)
      expect([errorsOf(inactive), errorsOf(unknown)]).to.deep.equal([errorsOf(wrong), errorsOf(wrong)])
      expect([wrong.status, inactive.status, unknown.status]).to.deep.equal([200, 200, 200])
    })

    it('requires both, and shows the input again except for the password', async () => {
      const page = await client.post('/accounts/login/', { data: { username: '"><b>', password: 'typed' } })
      expect(page.text).to.include('value="&quot;&gt;&lt;b&gt;"').and.not.include('typed')
      expect(errorsOf(await client.post('/accounts/login/', { data: {} }))).to.deep.equal([
        'This field is required.',
        'This field is required.',
      ])
    })

    it('redirects only within this site', async () => {
      for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '']) {
        expect((await logIn(client, PASSWORD, next)).headers.location, next).to.equal('/who')
        expect((await client.get('/accounts/login/', { query: { next } })).text).not.to.include('evil')
      }
      expect((await logIn(client, PASSWORD, '/open?a=1')).headers.location).to.equal('/open?a=1')
    })
  })

  describe('logout', () => {
    it('accepts only POST', async () => {
      await logIn(client)
      const refused = await client.get('/accounts/logout/')
      expect([refused.status, refused.headers.allow]).to.deep.equal([405, 'POST, OPTIONS'])
      expect(await who(client)).to.equal('ada')
      expect((await client.options('/accounts/logout/')).status).to.equal(200)
      expect((await client.post('/accounts/logout/')).status).to.equal(200)
      expect(await who(client)).to.equal('AnonymousUser')
    })

    it('redirects to the given page of this site', async () => {
      const out = async (next: string) => (await client.post('/accounts/logout/', { data: { next } })).headers.location
      expect(await out('/open')).to.equal('/open')
      expect(await out('//evil.example/')).to.equal(undefined)
      await overrideSettings({ LOGOUT_REDIRECT_URL: 'login' }, async () => {
        expect(await out('//evil.example/')).to.equal('/accounts/login/')
      })
    })
  })

  describe('change of the password', () => {
    const change = (from: Client, old: string, first: string, second = first) =>
      from.post('/accounts/password_change/', {
        data: { old_password: old, new_password1: first, new_password2: second },
      })

    it('requires a login', async () => {
      expect((await client.get('/accounts/password_change/')).headers.location).to.equal(
        '/accounts/login/?next=/accounts/password_change/',
      )
      expect((await change(client, PASSWORD, NEW)).status).to.equal(302)
      await ada.refresh()
      expect(await ada.checkPassword(PASSWORD)).to.equal(true)
    })

    it('keeps this session under a new key and ends all others', async () => {
      const [here, there] = [new Client(), new Client()]
      await logIn(here)
      await logIn(there)
      const key = here.cookies.get('sessionid')
      expect((await change(here, PASSWORD, NEW)).headers.location).to.equal('/accounts/password_change/done/')
      expect((await here.get('/accounts/password_change/done/')).text).to.include('Your password is changed')
      expect(here.cookies.get('sessionid')).not.to.equal(key)
      expect([await who(here), await who(there)]).to.deep.equal(['ada', 'AnonymousUser'])
      expect(errorsOf(await logIn(there))).to.have.length(1)
      expect((await logIn(there, NEW)).status).to.equal(302)
    })

    it('requires the old one, and the new one twice and valid', async () => {
      await logIn(client)
      expect((await client.get('/accounts/password_change/')).text).to.include('at least 10 characters')
      const [wrongOld] = errorsOf(await change(client, 'wrong', NEW))
      expect(wrongOld).to.match(/old password was entered incorrectly/)
      expect(errorsOf(await change(client, PASSWORD, NEW, 'other'))[0]).to.match(/didn’t match/)
      expect(errorsOf(await change(client, PASSWORD, 'ada'))).to.deep.equal([
        'The password is too similar to the username.',
        'This password is too short. It must contain at least 10 characters.',
      ])
      expect(errorsOf(await change(client, PASSWORD, 'x'.repeat(5000)))[0]).to.match(/too long/)
      await ada.refresh()
      expect(await ada.checkPassword(PASSWORD)).to.equal(true)
    })
  })

  describe('reset of the password', () => {
    const ask = async (email: string): Promise<ClientResponse> => {
      const answer = await client.post('/accounts/password_reset/', { data: { email } })
      await passwordResetMailsSent()
      return answer
    }
    const linkIn = (mail: { body: string } | undefined): string =>
      /https?:\/\/testserver(\S+)/.exec(mail?.body ?? '')?.[1] as string

    it('sends a link to a known address, and shows the same page for every address', async () => {
      await User.objects.createUser('none', 'none@example.com')
      for (const email of ['ADA@example.com', 'nobody@example.com', 'none@example.com']) {
        expect((await ask(email)).headers.location).to.equal('/accounts/password_reset/done/')
      }
      expect(outbox.map(({ to, subject }) => [to, subject])).to.deep.equal([
        [['ada@example.com'], 'Password reset on testserver'],
      ])
      expect(outbox[0]?.body).to.include('ada').and.include('http://testserver/accounts/reset/')
      expect(errorsOf(await ask('no address'))).to.deep.equal(['Enter a valid email address.'])
    })

    it('allows a new password by the link, once, and ends the user’s sessions', async () => {
      const other = new Client()
      await logIn(other)
      await ask('ada@example.com')
      const link = linkIn(outbox[0])
      const hidden = (await client.get(link)).headers.location as string
      expect(hidden).to.match(/\/accounts\/reset\/\w+\/set-password\/$/)
      const page = await client.get(hidden)
      expect(page.text).to.include('name="new_password1"')
      expect(page.headers['cache-control']).to.include('no-store')
      const bad = await client.post(hidden, { data: { new_password1: 'short', new_password2: 'short' } })
      expect(errorsOf(bad)).to.have.length(1)
      const good = await client.post(hidden, { data: { new_password1: NEW, new_password2: NEW } })
      expect(good.headers.location).to.equal('/accounts/reset/done/')
      expect((await client.get('/accounts/reset/done/')).text).to.include('/accounts/login/')
      expect(await who(other)).to.equal('AnonymousUser')
      expect((await logIn(client, NEW)).status).to.equal(302)
      expect((await new Client().get(link)).text).to.include('not good any more')
      expect(
        (await client.post(hidden, { data: { new_password1: 'x'.repeat(12), new_password2: 'x'.repeat(12) } })).text,
      ).to.include('not good')
    })

    it('rejects a link that is expired, changed, another user’s, or without its session', async () => {
      await User.objects.createUser('bob', 'bob@example.com', PASSWORD)
      await ask('ada@example.com')
      await ask('bob@example.com')
      const [link, bobs] = outbox.map(linkIn) as [string, string]
      const [uid, token] = link.split('/').slice(3) as [string, string]
      const bobsToken = bobs.split('/')[4] as string
      const refused = async (path: string): Promise<void> => {
        const answer = await new Client().get(path)
        expect([answer.status, answer.text.includes('not good any more')], path).to.deep.equal([200, true])
      }
      await refused(`/accounts/reset/${uid}/${bobsToken}/`)
      await refused(`/accounts/reset/${uid}/${token.slice(0, -1)}x/`)
      await refused(`/accounts/reset/${uid}/set-password/`)
      await refused(`/accounts/reset/%F0%9F%99%82/${token}/`)
      await refused(`/accounts/reset/OTk5OTk5OTk5OTk5/${token}/`)
      setClock({ now: () => Date.now() + 259_202_000 })
      await refused(link)
      setClock()
      expect((await new Client().get(link)).status).to.equal(302)
      await logIn(client)
      await refused(link)
    })
  })
})
