/** Failed logins are limited for each user and address, and the client gets the time to wait. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { caches } from '#core/cache'
import { schema, type Settings } from '#core/conf'
import { defaultTokenGenerator, encodeUid, User } from '#core/contrib/auth'
import { ImproperlyConfigured } from '#core/exceptions'
import { Client, type ClientResponse, overrideSettings } from '#core/test'
import { captureLogs, type LogRecord, setClock } from '#core/utils'
import { checkThrottleCache, checkThrottleCounts } from '../../core/contrib/auth/checks.ts'
import { FailureCounter, forgetThrottleHint, waitText } from '../../core/contrib/auth/throttle.ts'
import { tokenParts } from '../../core/contrib/auth/views/password_reset.ts'
import { backends, inDatabase, newCache, onEachBackend } from '../cache/backends.ts'
import { runs } from '../contrib/auth/fixtures/hashers.ts'
import { inUsers } from '../contrib/auth/installed.ts'
import { freePort } from '../management/processes.ts'

const PASSWORD = 'a long secret'
const LOCMEM = 'core.cache.backends.locmem.LocMemCache'

const SITE: Settings = {
  ROOT_URLCONF: 'test.security.throttled_site',
  MIDDLEWARE: [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  LOGIN_REDIRECT_URL: '/who',
  TEMPLATES: [{ BACKEND: 'django.template.backends.django.DjangoTemplates', APP_DIRS: true }],
  CACHES: { default: { BACKEND: LOCMEM, LOCATION: 'throttle', OPTIONS: { MAX_ENTRIES: 10_000 } } },
  LOGIN_THROTTLE: { FAILURES: 5, ADDRESS_FAILURES: 12, PERIOD: 300 },
  CLIENT_ADDRESS_HEADER: 'HTTP_X_FORWARDED_FOR',
}

const HOME = '203.0.113.7'
const ELSEWHERE = '198.51.100.1'

/** The log of the throttle. */
async function logged(work: () => Promise<unknown>): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const stop = captureLogs((record) => records.push(record))
  try {
    await work()
  } finally {
    stop()
  }
  return records.filter(({ logger }) => logger === 'django.security.LoginThrottle')
}

describe('the login throttle', () => {
  before(() => setup())
  inUsers(SITE)
  let now: number
  let client: Client
  beforeEach(async () => {
    now = Date.now()
    setClock({ now: () => now })
    await caches.default?.clear()
    await User.objects.using('default').rows().delete()
    await User.objects.createUser('ada', '', PASSWORD)
    client = new Client()
  })
  afterEach(() => setClock())

  const logIn = (password: string, { username = 'ada', from = HOME, by = client } = {}): Promise<ClientResponse> =>
    by.post('/accounts/login/', { data: { username, password }, headers: { 'x-forwarded-for': from } })

  /** Statuses of as many wrong guesses. */
  async function guess(count: number, who: { username?: string; from?: string } = {}): Promise<number[]> {
    const statuses: number[] = []
    for (let i = 0; i < count; i++) statuses.push((await logIn(`guess ${i}`, who)).status)
    return statuses
  }

  const many = (count: number, status: number): number[] => Array.from({ length: count }, () => status)

  describe('of a user and an address', () => {
    it('refuses after the last allowed failure, and gives the time to wait on the page and in Retry-After', async () => {
      expect(await guess(5)).to.deep.equal(many(5, 200))
      now += 61_000
      const page = await logIn('guess')
      expect([page.status, page.headers['retry-after']]).to.deep.equal([429, '239'])
      expect(page.text).to.include('<!DOCTYPE html>').and.include('Try again in 4 minutes.')
      expect(page.headers['cache-control']).to.include('no-store')
    })

    it('refuses the right password, too, without hashing anything, until the period ends', async () => {
      await guess(5)
      runs.length = 0
      expect((await logIn(PASSWORD)).status).to.equal(429)
      expect(runs).to.deep.equal([])
      now += 299_000
      expect((await logIn(PASSWORD)).headers['retry-after']).to.equal('1')
      now += 1000
      expect((await logIn(PASSWORD)).headers.location).to.equal('/who')
    })

    it('is not prolonged by refused attempts', async () => {
      await guess(30)
      now += 300_000
      expect(await guess(6)).to.deep.equal([...many(5, 200), 429])
    })

    it('does the same for a user that does not exist', async () => {
      const pages: ClientResponse[] = []
      for (const username of ['ada', 'nobody']) {
        expect(await guess(5, { username })).to.deep.equal(many(5, 200))
        pages.push(await logIn('guess', { username }))
      }
      expect(pages[0]?.status).to.equal(429)
      expect(pages[0]?.text).to.equal(pages[1]?.text)
    })

    it('blocks neither other users nor the user from another address', async () => {
      await User.objects.createUser('grace', '', PASSWORD)
      await guess(6)
      expect((await logIn(PASSWORD, { username: 'grace' })).status).to.equal(302)
      expect((await logIn(PASSWORD, { from: ELSEWHERE })).status).to.equal(302)
      expect((await logIn(PASSWORD)).status).to.equal(429)
    })

    it('starts again after a login', async () => {
      await guess(4)
      expect((await logIn(PASSWORD)).status).to.equal(302)
      expect(await guess(6)).to.deep.equal([...many(5, 200), 429])
    })

    it('starts again when the user has set another password by a mailed link', async () => {
      await guess(6)
      const user = await User.objects.get({ username: 'ada' })
      const url = `/accounts/reset/${encodeUid(user.id)}/${defaultTokenGenerator.makeToken(tokenParts(user))}/`
      const by = new Client()
      const headers = { 'x-forwarded-for': HOME }
      const form = (await by.get(url, { headers })).headers.location as string
      const data = { new_password1: 'staple of a stable', new_password2: 'staple of a stable' }
      expect((await by.post(form, { data, headers })).status).to.equal(302)
      expect((await logIn('staple of a stable')).status).to.equal(302)
      expect(await guess(6)).to.deep.equal([...many(5, 200), 429])
    })

    it('counts together all spellings that a database may treat as one name', async () => {
      const names = ['ada', 'ADA', ' ada ', 'a\u0301da', 'ａｄａ', 'a\u200Bda', 'Ádà']
      const statuses: number[] = []
      for (const username of names) statuses.push((await logIn('guess', { username })).status)
      expect(statuses).to.deep.equal([...many(5, 200), 429, 429])
    })

    it('counts together long spellings, and letters that differ only in case', async () => {
      const invisible = (count: number): string => '\u{e0100}'.repeat(count)
      const names = [
        'straße',
        'STRASSE',
        'stra\u017fse',
        `strasse${invisible(130)}`,
        `straße${invisible(240)}`,
        'Straße',
      ]
      const statuses: number[] = []
      for (const username of names) statuses.push((await logIn('guess', { username })).status)
      expect(statuses).to.deep.equal([...many(5, 200), 429])
    })

    it('lets as many of two hundred concurrent guesses through as of sequential ones', async () => {
      runs.length = 0
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => (await logIn(`guess ${i}`, { by: new Client() })).status),
      )
      expect(runs).to.have.length(5)
      expect(statuses.filter((status) => status === 200)).to.have.length(5)
      expect(statuses.filter((status) => status === 429)).to.have.length(195)
    })

    it('does not count concurrent logins with the right password as failures', async () => {
      await guess(3)
      const logins = Array.from({ length: 50 }, () => logIn(PASSWORD, { by: new Client() }))
      expect((await Promise.all(logins)).map(({ status }) => status)).to.deep.equal(many(50, 302))
    })

    it('counts a check that fails with an error, but not one during an outage', async () => {
      const fail = (how: string) =>
        client.post('/failing', { data: { how }, headers: { 'x-forwarded-for': HOME } }).then(({ status }) => status)
      for (let i = 0; i < 10; i++) expect(await fail('outage')).to.equal(503)
      for (let i = 0; i < 5; i++) expect(await fail('error')).to.equal(500)
      expect(await fail('error')).to.equal(429)
      expect((await logIn(PASSWORD)).status).to.equal(429)
    })
  })

  describe('of an address', () => {
    const spray = async (count: number, from: (i: number) => string): Promise<number[]> => {
      const statuses: number[] = []
      for (let i = 0; i < count; i++) statuses.push((await logIn('guess', { username: `u${i}`, from: from(i) })).status)
      return statuses
    }

    it('limits guesses for many users, and does not affect other addresses', async () => {
      expect(await spray(13, () => HOME)).to.deep.equal([...many(12, 200), 429])
      expect((await logIn(PASSWORD)).status).to.equal(429)
      expect((await logIn(PASSWORD, { from: ELSEWHERE })).status).to.equal(302)
    })

    it('treats the addresses of an IPv6 /64 as one', async () => {
      expect(await spray(13, (i) => `2001:db8:1:2:${i}::1`)).to.deep.equal([...many(12, 200), 429])
      expect((await logIn(PASSWORD, { from: '2001:db8:1:3::1' })).status).to.equal(302)
    })

    it('is not raised by logins of its own user, nor used up by refused attempts', async () => {
      for (let i = 0; i < 20; i++) expect((await logIn(PASSWORD)).status).to.equal(302)
      expect(await guess(30)).to.deep.equal([...many(5, 200), ...many(25, 429)])
      expect(await spray(8, () => HOME)).to.deep.equal([...many(7, 200), 429])
      await User.objects.createUser('grace', '', PASSWORD)
      expect((await logIn(PASSWORD, { username: 'grace' })).status).to.equal(429)
    })

    it('is disabled by null', () =>
      overrideSettings({ LOGIN_THROTTLE: { ADDRESS_FAILURES: null } }, async () => {
        expect(await spray(250, () => HOME)).to.deep.equal(many(250, 200))
      }))

    for (const [why, from] of [
      ['no header is trusted', null],
      ['the trusted header is absent', 'HTTP_X_REAL_IP'],
    ] as const) {
      it(`is not counted for a proxy, when ${why}, and no client chooses an address`, () =>
        overrideSettings({ CLIENT_ADDRESS_HEADER: from }, async () => {
          expect(await spray(20, (i) => `203.0.113.${i}`)).to.deep.equal(many(20, 200))
          const statuses: number[] = []
          for (let i = 0; i < 6; i++) statuses.push((await logIn('guess', { from: `203.0.113.${i}` })).status)
          expect(statuses).to.deep.equal([...many(5, 200), 429])
        }))
    }
  })

  describe('covers', () => {
    it('the old password on the page for a new one', async () => {
      await logIn(PASSWORD)
      const change = async (old_password: string) => {
        const data = { old_password, new_password1: 'staple of a stable', new_password2: 'staple of a stable' }
        return client.post('/accounts/password_change/', { data, headers: { 'x-forwarded-for': HOME } })
      }
      for (let i = 0; i < 5; i++) expect((await change(`guess ${i}`)).status).to.equal(200)
      const page = await change(PASSWORD)
      expect([page.status, page.headers['retry-after']]).to.deep.equal([429, '300'])
      expect(page.text).to.include('Try again in 5 minutes.')
      expect((await logIn(PASSWORD, { by: new Client() })).status).to.equal(429)
    })

    it('a view of the project that calls authenticate(): the page shows how long to wait', async () => {
      const ask = (password: string) => {
        const headers = { 'x-forwarded-for': HOME, 'content-type': 'application/json' }
        return client.post('/api', { headers, data: JSON.stringify({ username: 'ada', password }) })
      }
      for (let i = 0; i < 5; i++) expect((await ask('guess')).json()).to.deep.equal({ user: null })
      const refused = await ask(PASSWORD)
      expect([refused.status, refused.headers['retry-after']]).to.deep.equal([429, '300'])
      expect(refused.text).to.include('There were too many failed attempts. Try again in 5 minutes.')
    })

    it('a view of the project that asks for the password again with throttleLogin()', async () => {
      await logIn(PASSWORD)
      const confirm = (password: string) =>
        client.post('/confirm', { data: { password }, headers: { 'x-forwarded-for': HOME } })
      expect((await confirm(PASSWORD)).text).to.equal('confirmed')
      for (let i = 0; i < 5; i++) expect((await confirm('guess')).status).to.equal(403)
      expect((await confirm(PASSWORD)).status).to.equal(429)
    })
  })

  describe('the setting of the throttle', () => {
    it('is on by default, for fifty failures in a quarter of an hour', async () => {
      await overrideSettings({ LOGIN_THROTTLE: schema.LOGIN_THROTTLE.default }, async () => {
        expect(await guess(51)).to.deep.equal([...many(50, 200), 429])
        expect((await logIn(PASSWORD)).text).to.include('Try again in 15 minutes.')
      })
    })

    it('has defaults for missing keys', () =>
      overrideSettings({ LOGIN_THROTTLE: { PERIOD: 60 } }, async () => {
        await guess(50)
        expect((await logIn(PASSWORD)).text).to.include('Try again in 1 minute.')
      }))

    it('is disabled by null', () =>
      overrideSettings({ LOGIN_THROTTLE: null }, async () => {
        expect(await guess(60)).to.deep.equal(many(60, 200))
      }))

    it('counts in the named cache, under keys that reveal no name and no address', () =>
      overrideSettings(
        { CACHES: { ...SITE.CACHES, logins: { BACKEND: LOCMEM, LOCATION: 'l' } }, LOGIN_THROTTLE: { CACHE: 'logins' } },
        async () => {
          const keys: string[] = []
          const cache = caches.logins as { add: (key: string, ...rest: never[]) => Promise<boolean> }
          const { add } = cache
          cache.add = (key, ...rest) => {
            keys.push(key)
            return add.call(cache, key, ...rest)
          }
          await logIn('guess', { username: 'x'.repeat(200) })
          await logIn('guess', { username: 'x\r\nset y 0 0 1' })
          expect(keys).to.have.length(4)
          for (const key of keys) expect(key).to.match(/^login_throttle:(user|address):[0-9a-f]{40}$/)
        },
      ))

    for (const [what, value] of [
      ['an unknown name', { LIMIT: 5 }],
      ['no failures at all', { FAILURES: 0 }],
      ['a part of a failure', { FAILURES: 1.5 }],
      ['a period of zero', { PERIOD: 0 }],
      ['something else', true],
    ] as const) {
      it(`is refused with ${what}`, async () => {
        const refused = await overrideSettings({ LOGIN_THROTTLE: value as never }, () => undefined).catch(
          (error: unknown) => error,
        )
        expect(refused).to.be.instanceOf(ImproperlyConfigured)
        expect((refused as Error).message).to.include('LOGIN_THROTTLE')
      })
    }

    it('is checked: the cache exists, and keeps the counters', async () => {
      const DUMMY = 'core.cache.backends.dummy.DummyCache'
      expect([checkThrottleCache(), checkThrottleCounts()]).to.deep.equal([[], []])
      await overrideSettings({ LOGIN_THROTTLE: { CACHE: 'absent' } }, () => {
        expect(checkThrottleCache().map(({ id }) => id)).to.deep.equal(['auth.E003'])
        expect(checkThrottleCounts()).to.deep.equal([])
      })
      await overrideSettings({ CACHES: { default: { BACKEND: DUMMY } } }, async () => {
        expect(checkThrottleCounts().map(({ id }) => id)).to.deep.equal(['auth.W102'])
        expect(await guess(30)).to.deep.equal(many(30, 200))
        await overrideSettings({ LOGIN_THROTTLE: null }, () => {
          expect(checkThrottleCounts()).to.deep.equal([])
        })
      })
    })
  })

  it('lets logins pass while the cache is down, and logs that once', async () => {
    const LOCATION = `redis://127.0.0.1:${await freePort()}/0`
    const CACHES = { default: { BACKEND: 'core.cache.backends.redis.RedisCache', LOCATION } }
    await overrideSettings({ CACHES }, async () => {
      const lines = await logged(async () => {
        expect(await guess(7)).to.deep.equal(many(7, 200))
        expect((await logIn(PASSWORD)).status).to.equal(302)
      })
      expect(lines.map(({ level }) => level)).to.deep.equal(['error'])
    })
  })

  it('logs once that a proxy hides the addresses of its clients', async () => {
    forgetThrottleHint()
    expect(await logged(() => guess(8))).to.deep.equal([])
    const [hint, ...more] = await logged(() => overrideSettings({ CLIENT_ADDRESS_HEADER: null }, () => guess(8)))
    expect(hint?.message).to.include("CLIENT_ADDRESS_HEADER: 'HTTP_X_FORWARDED_FOR'")
    expect(more).to.deep.equal([])
  })

  it('formats the time to wait in words, rounded up', () => {
    const strings = [1, 2, 59, 60, 61, 900, 7200, 7201, 86_400].map(waitText)
    expect(strings).to.deep.equal([
      '1 second',
      '2 seconds',
      '59 seconds',
      '1 minute',
      '2 minutes',
      '15 minutes',
      '120 minutes',
      '3 hours',
      '24 hours',
    ])
  })
})

const all = await backends('throttle')

describe('a counter of failures', () => {
  before(() => setup())

  onEachBackend(all, (on) => {
    const inBackend = (test: () => Promise<void>) => () => inDatabase(on.database, test)
    const counter = (limit: number) => new FailureCounter(newCache(on), 'failures', limit, 300)

    it(
      'lets exactly as many of many concurrent attempts pass as it should',
      inBackend(async () => {
        const failures = counter(7)
        const waits = await Promise.all(Array.from({ length: 40 }, () => failures.count()))
        expect(waits.filter((wait) => wait === 0)).to.have.length(7)
        for (const wait of waits.filter((each) => each > 0)) expect(wait).to.be.within(290, 300)
      }),
    )

    it(
      'undoes attempts, one by one or all, even more of them than there are',
      inBackend(async () => {
        const failures = counter(2)
        await failures.undo()
        await failures.reset()
        for (const expected of [true, true, false]) expect((await failures.count()) === 0).to.equal(expected)
        await failures.undo()
        await failures.undo()
        expect(await failures.count()).to.equal(0)
        for (let i = 0; i < 5; i++) await failures.undo()
        expect(await failures.count()).to.equal(0)
        await failures.count()
        await failures.reset()
        for (const expected of [true, true, false]) expect((await failures.count()) === 0).to.equal(expected)
      }),
    )

    // Servers have their own clocks.
    if (!on.agesByOurClock) return
    it(
      'ends with its period, which starts with the first failure',
      inBackend(async () => {
        let now = Date.now()
        setClock({ now: () => now })
        try {
          const failures = counter(1)
          await failures.count()
          now += 200_000
          expect(await failures.count()).to.be.within(99, 101)
          now += 101_000
          expect(await failures.count()).to.equal(0)
        } finally {
          setClock()
        }
      }),
    )
  })
})
