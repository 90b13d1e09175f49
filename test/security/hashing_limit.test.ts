/** Passwords are hashed a few at a time, so that threads remain for files; the rest wait in a bounded queue. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { burnHash, checkPassword, makePassword, User } from '#core/contrib/auth'
import { ServiceUnavailable } from '#core/exceptions'
import { createApplication } from '#core/handlers'
import { Client, type ClientResponse } from '#core/test'
import { HashingLimiter, hashingConcurrency, threadPoolSize } from '../../core/contrib/auth/hashers/limiter.ts'
import { withUsers } from '../contrib/auth/installed.ts'
import { temporaryFolder } from '../services.ts'
import { begun } from './gated_hasher.ts'

const GATED = 'test.security.gated_hasher.GatedHasher'
const BUSY = 'test.security.gated_hasher.BusyHasher'
const LOGINS = 40
/** Without a limit, a file waits for nearly all of them: each of its steps queues behind all hashes. */
const FEWER = 30

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Polls until a condition holds, without a clock: it yields to the event loop. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

/** Ends one gated hash after the other until `done` is settled. */
async function endHashesUntil<T>(done: Promise<T>, look = (): void => {}): Promise<T> {
  const state = { isOver: false }
  const over = done.finally(() => {
    state.isOver = true
  })
  while (!state.isOver) {
    await turn()
    look()
    begun.shift()?.end()
  }
  return over
}

/** A job that a test ends, and what the limiter has done with it. */
class Job {
  hasBegun = false
  end!: () => void
  fail!: (error: Error) => void
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.end = resolve
    this.fail = reject
  })

  readonly run = (): Promise<void> => {
    this.hasBegun = true
    return this.#ended
  }
}

const jobs = (count: number): Job[] => Array.from({ length: count }, () => new Job())

describe('the limit of hashing', () => {
  before(() => setup())

  for (const { given, threads } of [
    { given: undefined, threads: 4 },
    { given: '8', threads: 8 },
    { given: ' 16', threads: 16 },
    { given: '1', threads: 1 },
    { given: '0', threads: 1 },
    { given: '', threads: 1 },
    { given: 'many', threads: 1 },
    { given: '-1', threads: 1024 },
    { given: '5000', threads: 1024 },
  ]) {
    it(`reads UV_THREADPOOL_SIZE=${given} as libuv does, as ${threads} threads`, () => {
      const before = process.env.UV_THREADPOOL_SIZE
      try {
        if (given === undefined) delete process.env.UV_THREADPOOL_SIZE
        else process.env.UV_THREADPOOL_SIZE = given
        expect(threadPoolSize()).to.equal(threads)
      } finally {
        if (before === undefined) delete process.env.UV_THREADPOOL_SIZE
        else process.env.UV_THREADPOOL_SIZE = before
      }
    })
  }

  it('is half of the threads, no more than the cores, and at least one', () => {
    expect([1, 2, 3, 4, 8, 128].map((threads) => hashingConcurrency(threads, 16))).to.deep.equal([1, 1, 1, 2, 4, 16])
    expect(hashingConcurrency(4, 1)).to.equal(1)
    for (let threads = 2; threads < 20; threads++) expect(hashingConcurrency(threads, 64)).to.be.lessThan(threads)
  })

  it('runs as many jobs as it allows, and the others in the order of their arrival', async () => {
    const limiter = new HashingLimiter(2, () => 10)
    const all = jobs(5)
    const done = all.map((job) => limiter.run(job.run))
    const running = async (): Promise<boolean[]> => {
      await turn()
      return all.map(({ hasBegun }) => hasBegun)
    }
    expect(await running()).to.deep.equal([true, true, false, false, false])
    all[1]?.end()
    expect(await running()).to.deep.equal([true, true, true, false, false])
    all[0]?.end()
    all[2]?.end()
    expect(await running()).to.deep.equal([true, true, true, true, true])
    for (const job of all) job.end()
    await Promise.all(done)
  })

  it('continues after a job that fails or throws', async () => {
    const limiter = new HashingLimiter(1, () => 10)
    const [failing, next] = jobs(2) as [Job, Job]
    const failed = limiter.run(failing.run)
    const thrown = limiter.run(() => {
      throw new Error('thrown')
    })
    const last = limiter.run(next.run)
    failing.fail(new Error('failed'))
    const outcomes = await Promise.allSettled([failed, thrown])
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    await until(() => next.hasBegun)
    next.end()
    await last
  })

  it('refuses a job when the queue is full, and accepts jobs again later', async () => {
    let waiting = 2
    const limiter = new HashingLimiter(1, () => waiting)
    const all = jobs(4)
    const done = all.slice(0, 3).map((job) => limiter.run(job.run))
    const refused = await limiter.run(new Job().run).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(ServiceUnavailable)
    expect((refused as ServiceUnavailable).retryAfter).to.be.greaterThan(0)
    all[0]?.end()
    await done[0]
    done.push(limiter.run((all[3] as Job).run))
    waiting = 0
    expect(await limiter.run(new Job().run).catch((error: unknown) => error)).to.be.instanceOf(ServiceUnavailable)
    for (const job of all) job.end()
    await Promise.all(done)
    // Without a queue, a free slot is still free.
    expect(await limiter.run(async () => 'ran')).to.equal('ran')
  })

  describe('covers', () => {
    const limit = hashingConcurrency()
    const OUTDATED = 'gated$0$salt$secret'
    const ways: Readonly<Record<string, () => Promise<unknown>>> = {
      'a new password': () => makePassword('secret'),
      'a right password': () => checkPassword('secret', 'gated$1$salt$secret'),
      'a wrong password': () => checkPassword('wrong', 'gated$1$salt$secret'),
      'a wrong password with an outdated hash': () => checkPassword('wrong', OUTDATED),
      'a user without a password': () => checkPassword('secret', '!unusable'),
      'a stored hash that cannot be read': () => checkPassword('secret', 'unknown$x'),
      'a user that does not exist': () => burnHash(),
    }
    for (const [name, hash] of Object.entries(ways)) {
      it(name, () =>
        overrideSettings({ PASSWORD_HASHERS: [GATED] }, async () => {
          begun.length = 0
          const done = Promise.all(Array.from({ length: 20 }, hash))
          await endHashesUntil(done, () => expect(begun.length, 'hashes at a time').to.be.within(0, limit))
        }),
      )
    }

    it('the extra work for an outdated hash in the same slot, so that the age of the hash is not revealed', () =>
      overrideSettings({ PASSWORD_HASHERS: [GATED] }, async () => {
        begun.length = 0
        const first = checkPassword('wrong', OUTDATED)
        const others = Array.from({ length: limit }, () => makePassword('another'))
        await until(() => begun.length === limit)
        begun.shift()?.end()
        await until(() => begun.length === limit)
        expect(begun.map(({ password }) => password)).to.include('wrong again')
        await endHashesUntil(Promise.all([first, ...others]))
      }))

    it('a right password with an outdated hash, which is left unchanged when the queue is full', () =>
      overrideSettings({ PASSWORD_HASHERS: [GATED] }, async () => {
        begun.length = 0
        const user = Object.assign(new User(), { password: OUTDATED })
        const isRight = user.checkPassword('secret')
        // The last of these gets the slot of the first hash when that ends.
        const others = Array.from({ length: limit }, () => makePassword('another'))
        await until(() => begun.length === limit)
        await overrideSettings({ PASSWORD_HASHING_QUEUE: 0 }, async () => {
          begun.shift()?.end()
          expect(await isRight).to.equal(true)
        })
        expect(user.password).to.equal(OUTDATED)
        await endHashesUntil(Promise.all(others))
      }))
  })

  it('leaves a thread for files while 40 passwords are hashed', () =>
    overrideSettings({ PASSWORD_HASHERS: [BUSY] }, async () => {
      let hashed = 0
      const all = Array.from({ length: LOGINS }, () => makePassword('secret').then(() => (hashed += 1)))
      await readFile(import.meta.filename)
      expect(hashed).to.be.lessThan(FEWER)
      await Promise.all(all)
    }))
})

describe('a server with many logins', function () {
  this.timeout(60_000)
  before(() => setup())

  const SITE: Settings = {
    ROOT_URLCONF: 'test.security.throttled_site',
    MIDDLEWARE: [
      'django.contrib.sessions.middleware.SessionMiddleware',
      'django.contrib.auth.middleware.AuthenticationMiddleware',
    ],
    ALLOWED_HOSTS: ['*'],
    LOGIN_REDIRECT_URL: '/who',
    TEMPLATES: [{ BACKEND: 'django.template.backends.django.DjangoTemplates', APP_DIRS: true }],
  }

  it('serves files and file sessions before the logins are done', async () => {
    const folder = temporaryFolder('hashing')
    mkdirSync(path.join(folder, 'static'))
    writeFileSync(path.join(folder, 'static', 'site.css'), 'body {}')
    const settings = {
      ...SITE,
      PASSWORD_HASHERS: [BUSY],
      STATIC_ROOT: path.join(folder, 'static'),
      SESSION_ENGINE: 'core.contrib.sessions.backends.file',
      SESSION_FILE_PATH: folder,
    }
    await withUsers(async () => {
      await User.objects.createUser('ada', '', 'secret')
      const server = (await createApplication()).listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        const form = (name: string) => new URLSearchParams({ username: name, password: 'secret' })
        const logIn = (name: string) =>
          fetch(`${site}/accounts/login/`, { method: 'POST', body: form(name), redirect: 'manual' })
        const cookie = (await logIn('ada')).headers.getSetCookie()[0] as string
        let arrived = 0
        server.on('request', () => (arrived += 1))
        let finished = 0
        const statuses: Promise<number>[] = Array.from({ length: LOGINS }, async (_, i) => {
          const { status } = await logIn(`nobody${i}`)
          finished++
          return status
        })
        await until(() => arrived === LOGINS)
        const [file, session] = await Promise.all([
          fetch(`${site}/static/site.css`).then((response) => response.text()),
          fetch(`${site}/who`, { headers: { cookie } }).then((response) => response.text()),
        ])
        expect(finished).to.be.lessThan(FEWER)
        expect([file, session]).to.deep.equal(['body {}', 'ada'])
        expect(new Set(await Promise.all(statuses))).to.deep.equal(new Set([200]))
      } finally {
        server.closeAllConnections()
        server.close()
      }
    }, settings)
  })

  for (const [name, username] of [
    ['one user', () => 'ada'],
    ['many users', (i: number) => `user${i}`],
  ] as const) {
    it(`responds with 503 and Retry-After to logins of ${name} when the queue is full`, () =>
      withUsers(
        async () => {
          begun.length = 0
          const client = new Client()
          const logIn = (i: number) =>
            client.post('/accounts/login/', { data: { username: username(i), password: 'wrong' } })
          const inTime = hashingConcurrency() + 3
          const responded: ClientResponse[] = []
          const all = Array.from({ length: inTime + 5 }, async (_, i) => {
            const response = await logIn(i)
            responded.push(response)
            return response.status
          })
          await until(() => responded.length === 5)
          for (const { status, headers } of responded) {
            expect([status, Number(headers['retry-after'])]).to.deep.equal([503, 10])
          }
          const statuses = await endHashesUntil(Promise.all(all))
          expect(statuses.filter((status) => status === 200)).to.have.length(inTime)
          expect((await endHashesUntil(logIn(0))).status).to.equal(200)
        },
        { ...SITE, PASSWORD_HASHERS: [GATED], PASSWORD_HASHING_QUEUE: 3 },
      ))
  }
})
