/** Login and logout by whole requests: the user of the request, and the content of the session. */
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { type AuthUser, Permission, User, userLoggedIn, userLoggedOut, userLoginFailed } from '#core/contrib/auth'
import { connection } from '#core/db'
import { Client, overrideSettings } from '#core/test'
import { captureLogs, setClock } from '#core/utils'
import { runs } from './fixtures/hashers.ts'
import { inUsers, withUsers } from './installed.ts'

const SESSIONS = 'django.contrib.sessions.middleware.SessionMiddleware'
const CSRF = 'django.middleware.csrf.CsrfViewMiddleware'
const AUTHENTICATION = 'django.contrib.auth.middleware.AuthenticationMiddleware'

const SITE: Settings = {
  ROOT_URLCONF: 'test.contrib.auth.fixtures.site',
  MIDDLEWARE: [SESSIONS, AUTHENTICATION],
  LOGIN_REDIRECT_URL: '/who',
  SECRET_KEY: 'k'.repeat(50),
  TEMPLATES: [
    {
      BACKEND: 'django.template.backends.django.DjangoTemplates',
      DIRS: [path.join(import.meta.dirname, 'fixtures/templates')],
      APP_DIRS: true,
      OPTIONS: { context_processors: ['django.contrib.auth.context_processors.auth'] },
    },
  ],
}

const PASSWORD = 'a long secret'

const logIn = (client: Client, username = 'ada', password = PASSWORD) =>
  client.post('/accounts/login/', { data: { username, password } })

let statements: string[] = []

/** A database whose driver reports each statement. */
const HEARD: Settings = {
  DATABASES: {
    default: {
      ENGINE: 'core.db.backends.sqlite3',
      NAME: ':memory:',
      OPTIONS: { verbose: (sql: string): void => void statements.push(sql) },
    },
  },
}

/** The statements about rows that `work` sends to the database. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  statements = []
  await work()
  return statements.map((sql) => sql.toLowerCase()).filter((sql) => /^(select|insert|update|delete)/.test(sql))
}

describe('logging in', () => {
  before(() => setup())
  inUsers({ ...SITE, ...HEARD })
  let client: Client
  let ada: User
  beforeEach(async () => {
    for (const table of ['auth_user_user_permissions', 'auth_user', 'django_session']) await connection(table).delete()
    ada = await User.objects.createUser('ada', 'ada@example.com', PASSWORD, { firstName: 'Ada', lastName: '<L>' })
    client = new Client()
  })
  afterEach(() => setClock())

  const who = async (from = client): Promise<string> => (await from.get('/who')).text

  it('sets request.user until the logout', async () => {
    expect(await who()).to.equal('AnonymousUser')
    expect((await logIn(client)).headers.location).to.equal('/who')
    expect(await who()).to.equal('ada')
    expect((await client.post('/accounts/logout/')).text).to.include('You are logged out')
    expect(await who()).to.equal('AnonymousUser')
    expect(await connection('django_session')).to.deep.equal([])
  })

  it('keeps the anonymous session’s content under a new key, and makes the old key invalid', async () => {
    await client.get('/cart')
    const old = client.cookies.get('sessionid') as string
    await logIn(client)
    expect(client.cookies.get('sessionid')).not.to.equal(old)
    expect(JSON.parse((await client.get('/content')).text)).to.have.property('cart')
    const thief = new Client()
    thief.cookies.set('sessionid', old)
    expect((await thief.get('/content')).text).to.equal('{}')
  })

  it('keeps the key when the same user logs in again, and drops the content of another user', async () => {
    await User.objects.createUser('bob', null, PASSWORD)
    await logIn(client)
    await client.get('/cart')
    const key = client.cookies.get('sessionid')
    await logIn(client)
    expect(client.cookies.get('sessionid')).to.equal(key)
    expect(JSON.parse((await client.get('/content')).text)).to.have.property('cart')
    await logIn(client, 'bob')
    expect(client.cookies.get('sessionid')).not.to.equal(key)
    expect(JSON.parse((await client.get('/content')).text)).not.to.have.property('cart')
    expect(await who()).to.equal('bob')
  })

  it('writes Django’s three keys, with Django’s name of the backend', async () => {
    await logIn(client)
    expect(JSON.parse((await client.get('/content')).text)).to.deep.equal({
      _auth_user_id: String(ada.id),
      _auth_user_backend: 'django.contrib.auth.backends.ModelBackend',
      _auth_user_hash: ada.getSessionAuthHash(),
    })
  })

  it('costs three round trips to the session: load, create, and a marker under the old key', async () => {
    await client.get('/cart')
    const statements = await statementsOf(() => logIn(client))
    expect(statements.filter((sql) => sql.includes('django_session')).map((sql) => sql.split(' ')[0])).to.deep.equal([
      'select',
      'insert',
      'update',
    ])
    expect(statements.filter((sql) => sql.includes('auth_user')).map((sql) => sql.split(' ')[0])).to.deep.equal([
      'select',
      'update',
    ])
  })

  it('updates last_login', async () => {
    setClock({ now: () => Date.UTC(2030, 0, 2, 3, 4, 5) })
    await logIn(client)
    await ada.refresh()
    expect(ada.lastLogin?.toISOString()).to.equal('2030-01-02T03:04:05.000Z')
  })

  it('costs an anonymous request nothing, and a user one query for the session and one for the user', async () => {
    expect(await statementsOf(() => client.get('/who'))).to.deep.equal([])
    expect((await client.get('/who')).headers.vary).to.equal('Cookie')
    expect((await client.get('/untouched')).headers.vary).to.equal(undefined)
    await logIn(client)
    expect(await statementsOf(() => client.get('/who'))).to.have.length(2)
    expect(await statementsOf(() => client.get('/blind'))).to.deep.equal([])
  })

  it('is not loaded before it is used in a view marked sessionExempt', async () => {
    await logIn(client)
    expect((await client.get('/asking')).text).to.equal('ada')
    const logged: string[] = []
    const release = captureLogs(({ error }) => logged.push(String(error)))
    expect((await client.get('/blind')).status).to.equal(500)
    release()
    expect(logged.join()).to.match(/await request\.auser\(\)/)
  })

  it('reports what to change when the middleware are in the wrong order', () =>
    overrideSettings({ MIDDLEWARE: [AUTHENTICATION, SESSIONS] }, async () => {
      const logged: string[] = []
      const release = captureLogs(({ error }) => logged.push(String(error)))
      expect((await new Client().get('/who')).status).to.equal(500)
      release()
      expect(logged.join()).to.match(/put 'core\.contrib\.sessions\.middleware\.SessionMiddleware' before/)
    }))

  it('ends when the user is deleted, inactive, or the backend is removed from the settings', async () => {
    await logIn(client)
    ada.isActive = false
    await ada.save()
    expect(await who()).to.equal('AnonymousUser')
    ada.isActive = true
    await ada.save()
    expect(await who()).to.equal('ada')
    await overrideSettings(
      { AUTHENTICATION_BACKENDS: ['django.contrib.auth.backends.AllowAllUsersModelBackend'] },
      async () => {
        expect(await who()).to.equal('AnonymousUser')
      },
    )
    await ada.delete()
    expect(await who()).to.equal('AnonymousUser')
  })

  it('ends on every device when the password changes, and so does the session', async () => {
    await logIn(client)
    await ada.setPassword('another long secret')
    await ada.save()
    expect(await who()).to.equal('AnonymousUser')
    expect(await connection('django_session')).to.deep.equal([])
    expect(client.cookies.has('sessionid')).to.equal(false)
  })

  it('survives a change of SECRET_KEY that keeps the former key as a fallback, under the same session key', async () => {
    await logIn(client)
    const row = (await connection<{ session_key: string }>('django_session'))[0]
    await overrideSettings({ SECRET_KEY: 'n'.repeat(50), SECRET_KEY_FALLBACKS: ['k'.repeat(50)] }, async () => {
      expect(await who()).to.equal('ada')
      expect(client.cookies.get('sessionid')).to.equal(row?.session_key)
      expect(await who()).to.equal('ada')
    })
    await overrideSettings({ SECRET_KEY: 'n'.repeat(50) }, async () => {
      expect(await who()).to.equal('ada')
    })
    await overrideSettings({ SECRET_KEY: 'z'.repeat(50) }, async () => {
      expect(await who()).to.equal('AnonymousUser')
    })
  })

  it('is rejected with a forged session', async () => {
    client.cookies.set('sessionid', 'a'.repeat(32))
    expect(await who()).to.equal('AnonymousUser')
  })

  it('sends signals, without the password', async () => {
    const heard: string[] = []
    const inn = ({ user }: { user: AuthUser }): void => void heard.push(`in ${user.getUsername()}`)
    const out = ({ user }: { user: AuthUser | null }): void => void heard.push(`out ${user?.getUsername()}`)
    const failed = ({ credentials }: { credentials: object }): void => void heard.push(JSON.stringify(credentials))
    userLoggedIn.connect(inn)
    userLoggedOut.connect(out)
    userLoginFailed.connect(failed)
    await logIn(client, 'ada', 'wrong')
    await logIn(client)
    await client.post('/accounts/logout/')
    await client.post('/accounts/logout/')
    userLoggedIn.disconnect(inn)
    userLoggedOut.disconnect(out)
    userLoginFailed.disconnect(failed)
    expect(heard).to.deep.equal([
      '{"username":"ada","password":"********************"}',
      'in ada',
      'out ada',
      'out undefined',
    ])
  })

  it('changes the CSRF token', () =>
    overrideSettings({ MIDDLEWARE: [SESSIONS, CSRF, AUTHENTICATION] }, async () => {
      const csrf = new Client(undefined, { enforceCsrfChecks: true })
      const page = (await csrf.get('/accounts/login/')).text
      const token = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page)?.[1] as string
      const before = csrf.cookies.get('csrftoken')
      expect((await logIn(csrf)).status).to.equal(403)
      const data = { username: 'ada', password: PASSWORD, csrfmiddlewaretoken: token }
      expect((await csrf.post('/accounts/login/', { data })).status).to.equal(302)
      expect(csrf.cookies.get('csrftoken'))
        .to.match(/^\w{32}$/)
        .and.not.equal(before)
      expect((await csrf.post('/accounts/logout/', { data: { csrfmiddlewaretoken: token } })).status).to.equal(403)
    }))

  it('gives two hundred concurrent logins two hundred sessions', async function () {
    this.timeout(20_000)
    const clients = Array.from({ length: 200 }, () => new Client())
    await Promise.all(clients.map((each) => logIn(each)))
    expect(await connection('django_session')).to.have.length(200)
    expect(new Set(clients.map((each) => each.cookies.get('sessionid'))).size).to.equal(200)
  })

  it('takes as long for an unknown name as for a wrong password', async () => {
    runs.length = 0
    await logIn(client, 'ada', 'wrong')
    const known = runs.length
    runs.length = 0
    await logIn(client, 'nobody', 'wrong')
    expect([known, runs.length]).to.deep.equal([1, 1])
  })

  describe('in templates', () => {
    it('shows the user, with Django’s names', async () => {
      expect((await client.get('/template')).text.trim()).to.equal('nobody')
      await logIn(client)
      expect((await client.get('/template')).text.trim()).to.equal('ada (Ada, Ada &lt;L&gt;)')
    })

    it('shows the user’s permissions, once they are loaded', async () => {
      await ada.userPermissions.add(
        (await Permission.objects.findByNaturalKey('add_user', 'auth', 'user')) as Permission,
      )
      const shown = async (): Promise<string> => (await client.get('/knowing')).text.trim().replace(/\s+/g, ' ')
      expect(await shown()).to.equal('')
      await logIn(client)
      expect(await shown()).to.match(/^True auth in$/i)
      ada.isSuperuser = true
      await ada.save()
      expect(await shown()).to.match(/^True True auth polls in out$/i)
      const logged: string[] = []
      const release = captureLogs(({ error }) => logged.push(String(error)))
      expect((await client.get('/unknowing')).status).to.equal(500)
      release()
      expect(logged.join()).to.match(/await request\.user\.loadPermissions\(\)/)
      await overrideSettings(
        { MIDDLEWARE: [SESSIONS, AUTHENTICATION, 'core.contrib.auth.middleware.PermissionsMiddleware'] },
        async () => {
          const other = new Client()
          await logIn(other)
          expect((await other.get('/unknowing')).status).to.equal(200)
        },
      )
    })
  })

  describe('before a view with restricted access', () => {
    it('redirects to the login page, and back', async () => {
      const response = await client.get('/members/7?tab=a%26b')
      expect([response.status, response.headers.location]).to.deep.equal([
        302,
        '/accounts/login/?next=/members/7%3Ftab%3Da%2526b',
      ])
      const back = await client.post(response.headers.location as string, {
        data: { username: 'ada', password: PASSWORD },
      })
      expect(back.headers.location).to.equal('/members/7?tab=a%26b')
      expect((await client.get('/members/7')).text).to.equal('member 7')
    })

    it('is not enough for a failed test or a missing permission', async () => {
      await logIn(client)
      expect((await client.get('/staff')).headers.location).to.equal('/who?x=1&next=/staff')
      expect((await client.get('/adders')).status).to.equal(302)
      expect((await client.get('/forbidden')).status).to.equal(403)
      await ada.userPermissions.add(
        (await Permission.objects.findByNaturalKey('add_user', 'auth', 'user')) as Permission,
      )
      ada.isStaff = true
      await ada.save()
      expect((await client.get('/staff')).status).to.equal(200)
      expect((await client.get('/adders')).status).to.equal(200)
      expect((await client.get('/forbidden')).status).to.equal(403)
    })

    it('is required by LoginRequiredMiddleware, except for marked views', () =>
      overrideSettings(
        { MIDDLEWARE: [SESSIONS, AUTHENTICATION, 'django.contrib.auth.middleware.LoginRequiredMiddleware'] },
        async () => {
          const other = new Client()
          expect((await other.get('/who')).headers.location).to.equal('/accounts/login/?next=/who')
          expect((await other.get('/open')).text).to.equal('open')
          expect((await other.get('/missing')).status).to.equal(404)
          expect((await other.get('/accounts/login/')).status).to.equal(200)
          expect((await other.get('/accounts/password_reset/')).status).to.equal(200)
          await logIn(other)
          expect(await who(other)).to.equal('ada')
        },
      ))
  })
})

describe('a custom user class', () => {
  before(() => setup())
  it('logs in by AUTH_USER_MODEL, from its own table', () =>
    withUsers(
      async () => {
        await connection.raw("CREATE TABLE members_member AS SELECT *, '' AS city FROM auth_user WHERE 0")
        const { Member } = await import('./fixtures/members.ts')
        await connection.raw('CREATE TABLE members (id integer)')
        const made = await Member.objects.createUser('mia', 'm@x.org', PASSWORD, { id: 5, city: 'Oslo' })
        expect(made).to.be.instanceOf(Member)
        const client = new Client()
        await logIn(client, 'mia')
        expect((await client.get('/who')).text).to.equal('mia')
        expect((await Member.objects.get({ city: 'Oslo' })).city).to.equal('Oslo')
      },
      { ...SITE, AUTH_USER_MODEL: 'test.contrib.auth.fixtures.members.Member' },
    ))

  it('has to be a user class', async () => {
    const wrong = await overrideSettings(
      { AUTH_USER_MODEL: 'test.contrib.auth.fixtures.hashers.CheapHasher' },
      () => undefined,
    ).catch((error: Error) => error.message)
    expect(wrong).to.match(/AUTH_USER_MODEL names '.*CheapHasher', which should be a class of users/)
  })
})
