/** Many concurrent sessions of one user, by whole requests: all are listed, and all can be ended. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { User } from '#core/contrib/auth'
import { devices } from '#core/contrib/session_devices'
import { createApplication } from '#core/handlers'
import { Client } from '#core/test'
import { captureLogs } from '#core/utils'
import { views } from './fixtures/busy.ts'
import { APPS, withUsers } from './installed.ts'

const SETTINGS = {
  INSTALLED_APPS: [...APPS, 'core.contrib.session_devices'],
  MIDDLEWARE: [
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.middleware.csrf.CsrfViewMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  ROOT_URLCONF: 'test.contrib.auth.fixtures.busy',
  PASSWORD_HASHERS: ['core.contrib.auth.hashers.MD5PasswordHasher'],
  SESSION_ENGINE: 'core.contrib.sessions.backends.db',
  LOGIN_REDIRECT_URL: '/read',
}
const LOGIN = { username: 'ada', password: 'three green apples' }

/** Number of views that have run when all sessions are ended. Their requests have read the session, but not saved it. */
const VIEWS_BEFORE = 30

const keyOf = ({ cookies }: Client): string => cookies.get('sessionid') ?? ''

describe('many sessions of one user', function () {
  this.timeout(60_000)
  let release: () => void
  before(() => setup())
  beforeEach(() => {
    // A request whose session was ended meanwhile is refused and logged.
    release = captureLogs(() => {})
  })
  afterEach(() => {
    views.onRun = () => {}
    release()
  })

  /** Runs a test with a user and that many browsers, which log in concurrently. */
  const withBrowsers = (count: number, test: (browsers: Client[], user: string) => Promise<void>) => () =>
    withUsers(async () => {
      const { id } = await User.objects.createUser(LOGIN.username, null, LOGIN.password)
      const app = await createApplication()
      const browsers = Array.from({ length: count }, () => new Client(app))
      const answers = await Promise.all(browsers.map((each) => each.post('/accounts/login/', { data: LOGIN })))
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([302]))
      await test(browsers, String(id))
    }, SETTINGS)

  it(
    'are all listed after two hundred concurrent logins',
    withBrowsers(200, async (browsers, user) => {
      expect(new Set(browsers.map(keyOf)).size).to.equal(200)
      expect(await devices.list(user)).to.have.length(200)
      for (const browser of browsers) expect((await browser.get('/read')).text).to.equal('ada')
    }),
  )

  it(
    'are all ended amid a hundred requests that read, write and move them to new keys',
    withBrowsers(20, async (browsers, user) => {
      const used = new Set(browsers.map(keyOf))
      let answered = 0
      const underWay = someViews()
      const requests = Array.from({ length: 100 }, async (_, i) => {
        const browser = browsers[i % browsers.length] as Client
        const { text } = await browser.get(['/read', '/write', '/move'][i % 3] as string)
        answered++
        used.add(keyOf(browser))
        return text
      })
      await underWay
      expect(answered).to.be.below(100)
      expect(await devices.endAll(user)).to.be.above(0)
      const texts = await Promise.all(requests)
      expect(texts).to.include('ada')
      expect(used.size).to.be.above(browsers.length)
      for (const key of used) {
        const answer = await new Client().get('/read', { headers: { cookie: `sessionid=${key}` } })
        expect(answer.text).to.equal('AnonymousUser')
      }
      expect(await devices.list(user)).to.deep.equal([])
    }),
  )
})

/** Waits until VIEWS_BEFORE views have run. */
function someViews(): Promise<void> {
  return new Promise((resolve) => {
    let ran = 0
    views.onRun = () => {
      if (++ran === VIEWS_BEFORE) resolve()
    }
  })
}
