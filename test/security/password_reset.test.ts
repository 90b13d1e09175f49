/** Reset and change of passwords: what response times reveal, and what two concurrent requests may do. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { defaultTokenGenerator, encodeUid, makePassword, passwordResetMailsSent, User } from '#core/contrib/auth'
import { connection } from '#core/db'
import { createApplication, GracefulServer } from '#core/handlers'
import { outbox } from '#core/mail'
import { Client, type ClientResponse, overrideSettings } from '#core/test'
import { backgroundWorkDone, inBackground } from '#core/concurrency'
import { captureLogs, getLogger, type LogRecord } from '#core/utils'
import { IN_MEMORY, inUsers } from '../contrib/auth/installed.ts'
import { databases, onEachDatabase } from '../services.ts'
import { held, holdNoMore, holdUntil, RECORDING } from './hashers.ts'
import { releaseMails } from './mail_backends.ts'

const PASSWORD = 'three green apples'
const NEW = 'four yellow pears'

let statements: string[] = []

const SITE: Settings = {
  ROOT_URLCONF: 'test.contrib.auth.fixtures.site',
  MIDDLEWARE: [
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  TEMPLATES: [{ BACKEND: 'core.template.backends.django.DjangoTemplates', APP_DIRS: true }],
  PASSWORD_HASHERS: [RECORDING],
  LOGIN_REDIRECT_URL: '/who',
  EMAIL_BACKEND: 'core.mail.backends.locmem.EmailBackend',
}

const ask = (email: string, client = new Client()): Promise<ClientResponse> =>
  client.post('/accounts/password_reset/', { data: { email } })

const backend = (name: string): Settings => ({ EMAIL_BACKEND: `test.security.mail_backends.${name}Backend` })

describe('a password reset', () => {
  before(() => setup())
  inUsers(SITE, () => ({ ...IN_MEMORY, OPTIONS: { verbose: (sql: string): void => void statements.push(sql) } }))
  beforeEach(async () => {
    for (const table of ['django_session', 'auth_user']) await connection(table).delete()
    await User.objects.createUser('ada', 'ada@example.com', PASSWORD)
    await User.objects.createUser('none', 'none@example.com')
    const off = await User.objects.createUser('off', 'off@example.com', PASSWORD)
    off.isActive = false
    await off.save()
    outbox.length = 0
  })
  afterEach(backgroundWorkDone)

  it('looks nothing up before the response, which is the same for every address', async () => {
    const responses: unknown[] = []
    for (const email of ['ada@example.com', 'nobody@example.com', 'none@example.com', 'off@example.com']) {
      statements = []
      const { status, headers, text } = await ask(email)
      expect(statements, email).to.deep.equal([])
      expect(outbox, email).to.deep.equal([])
      const { date: _, ...others } = headers
      responses.push({ status, headers: others, text })
      await passwordResetMailsSent()
      expect(statements.join(), email).to.include('auth_user')
      expect(outbox.splice(0).length, email).to.equal(email === 'ada@example.com' ? 1 : 0)
    }
    for (const response of responses) expect(response).to.deep.equal(responses[0])
  })

  it('responds even if the mail server does not', () =>
    overrideSettings(backend('Waiting'), async () => {
      expect((await ask('ada@example.com')).status).to.equal(302)
      let isSent = false
      const sent = passwordResetMailsSent().then(() => (isSent = true))
      expect((await ask('nobody@example.com')).status).to.equal(302)
      while (statements.length === 0) await new Promise(setImmediate)
      expect([isSent, outbox]).to.deep.equal([false, []])
      const releasing = setInterval(releaseMails, 1)
      await sent
      clearInterval(releasing)
      expect(outbox.map(({ to }) => to)).to.deep.equal([['ada@example.com']])
    }))

  for (const name of ['Failing', 'Throwing']) {
    it(`is logged when the mail backend fails, and rejects nothing: ${name}Backend`, () =>
      overrideSettings(backend(name), async () => {
        const [logged, unhandled]: [LogRecord[], unknown[]] = [[], []]
        const note = (error: unknown): void => void unhandled.push(error)
        process.on('unhandledRejection', note)
        const release = captureLogs((record) => {
          logged.push(record)
          throw new Error('The log cannot be written.')
        })
        expect((await ask('ada@example.com')).status).to.equal(302)
        await passwordResetMailsSent()
        await new Promise(setImmediate)
        release()
        process.off('unhandledRejection', note)
        expect(logged.map(({ logger, level, message }) => [logger, level, message])).to.deep.equal([
          ['django.contrib.auth', 'error', 'A mail to reset a password failed.'],
        ])
        expect(unhandled).to.deep.equal([])
      }))
  }

  it('sends the mail for a delivered response before a server stops', () =>
    overrideSettings(backend('Waiting'), async () => {
      const handle = (await createApplication()).callback()
      const server = createServer((request, response) => void handle(request, response))
      const graceful = new GracefulServer(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      const body = 'email=ada%40example.com'
      socket.write(
        'POST /accounts/password_reset/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n' +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      const [head] = (await once(socket, 'data')) as [Buffer]
      expect(head.toString()).to.match(/^HTTP\/1\.1 302 /)
      socket.destroy()
      let isStopped = false
      const stopped = graceful.stop({ grace: 0, limit: 60_000 }).then(() => (isStopped = true))
      await once(server, 'close')
      await new Promise(setImmediate)
      expect([isStopped, outbox]).to.deep.equal([false, []])
      const releasing = setInterval(releaseMails, 1)
      await stopped
      clearInterval(releasing)
      expect(outbox).to.have.length(1)
    }))

  it('shows the same page for a link without a user and for a wrong link of a user', async () => {
    const ada = await User.objects.getByNaturalKey('ada')
    const pages: [number, string][] = []
    for (const uid of [encodeUid(ada.id), encodeUid(999_999), encodeUid('x'), 'A', '%F0%9F%99%82']) {
      for (const token of ['c0ffee-0123456789abcdef0123456789abcdef', 'set-password', '-', 'x'.repeat(5000)]) {
        const { status, text } = await new Client().get(`/accounts/reset/${uid}/${token}/`)
        pages.push([status, text])
      }
    }
    expect(pages[0]?.[0]).to.equal(200)
    expect(pages[0]?.[1]).to.include('not good any more')
    for (const page of pages) expect(page).to.deep.equal(pages[0])
  })
})

describe('background jobs', () => {
  const log = getLogger('test.background')
  const now = Promise.resolve()

  it('run four at a time, in order, and are awaited, with those added meanwhile', async () => {
    const [begun, ended]: [number[], number[]] = [[], []]
    const open: (() => void)[] = []
    const begin = (n: number): void =>
      inBackground({ what: 'Work', log, after: now }, async () => {
        begun.push(n)
        await new Promise<void>((resolve) => open.push(resolve))
        if (n === 0) begin(9)
        ended.push(n)
      })
    for (let n = 0; n < 6; n++) begin(n)
    await new Promise(setImmediate)
    expect(begun).to.deep.equal([0, 1, 2, 3])
    const done = backgroundWorkDone()
    const opening = setInterval(() => open.shift()?.(), 1)
    await done
    clearInterval(opening)
    expect(begun).to.deep.equal([0, 1, 2, 3, 4, 5, 9])
    expect(ended).to.have.length(7)
  })

  it('are dropped with a warning beyond a thousand pending jobs', async () => {
    const warnings: string[] = []
    const release = captureLogs(({ level, message }) => warnings.push(`${level} ${message}`))
    let open = (): void => {}
    const after = new Promise<void>((resolve) => {
      open = resolve
    })
    let count = 0
    for (let n = 0; n < 1003; n++) inBackground({ what: 'A mail', log, after }, async () => count++)
    open()
    await backgroundWorkDone()
    release()
    expect(count).to.equal(1000)
    expect(warnings).to.deep.equal(Array.from({ length: 3 }, () => 'warning A mail was dropped: 1000 others wait.'))
  })

  it('do not delay the stop of a server beyond its limit', async () => {
    let end = (): void => {}
    const graceful = new GracefulServer(createServer())
    await new Promise<void>((resolve) => graceful.server.listen(0, '127.0.0.1', resolve))
    inBackground({ what: 'Work', log, after: now }, () => new Promise<void>((resolve) => (end = resolve)))
    await graceful.stop({ grace: 0, limit: 20 })
    end()
    await backgroundWorkDone()
  })
})

const all = await databases('password_reset')

describe('a password', () => {
  before(() => setup())
  afterEach(holdNoMore)
  onEachDatabase(all, ({ config }) => {
    inUsers(SITE, () => config)
    let ada: User
    beforeEach(async () => {
      for (const table of ['django_session', 'auth_user']) await connection(table).delete()
      ada = await User.objects.createUser('ada', 'ada@example.com', PASSWORD)
    })

    const read = () => User.objects.getByNaturalKey('ada')
    const twice = (first: string) => ({ new_password1: first, new_password2: first })
    const logIn = (client: Client, password = PASSWORD) =>
      client.post('/accounts/login/', { data: { username: 'ada', password } })

    /** Which of two passwords the user has. */
    async function which(...passwords: readonly string[]): Promise<string[]> {
      const user = await read()
      const fits = await Promise.all(passwords.map((password) => user.checkPassword(password)))
      return passwords.filter((_, i) => fits[i])
    }

    it('is set by one of two concurrent requests with one reset link', async () => {
      const parts = { id: ada.id, password: ada.password, lastLogin: null, email: ada.email }
      const link = `/accounts/reset/${encodeUid(ada.id)}/${defaultTokenGenerator.makeToken(parts)}/`
      const clients = [new Client(), new Client()]
      const forms = await Promise.all(clients.map((client) => client.get(link)))
      const hidden = forms.map(({ headers }) => headers.location as string)
      holdUntil(2)
      const responses = await Promise.all(
        clients.map((client, i) => client.post(hidden[i] as string, { data: twice(`${NEW} ${i}`) })),
      )
      holdNoMore()
      expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([200, 302])
      const winner = responses.findIndex(({ status }) => status === 302)
      expect(responses[1 - winner]?.text).to.include('not good any more')
      expect(await which(`${NEW} 0`, `${NEW} 1`, PASSWORD)).to.deep.equal([`${NEW} ${winner}`])
      const late = await clients[1 - winner]?.post(hidden[1 - winner] as string, { data: twice(NEW) })
      expect([late?.status, await which(NEW)]).to.deep.equal([200, []])
    })

    it('is changed by one of two concurrent requests with the same old one', async () => {
      const clients = [new Client(), new Client()]
      for (const client of clients) await logIn(client)
      holdUntil(2)
      const responses = await Promise.all(
        clients.map((client, i) =>
          client.post('/accounts/password_change/', { data: { old_password: PASSWORD, ...twice(`${NEW} ${i}`) } }),
        ),
      )
      holdNoMore()
      expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([200, 302])
      const winner = responses.findIndex(({ status }) => status === 302)
      expect(responses[1 - winner]?.text).to.include('Your old password was entered incorrectly')
      expect(await which(`${NEW} 0`, `${NEW} 1`, PASSWORD)).to.deep.equal([`${NEW} ${winner}`])
      const who = await Promise.all(clients.map(async (client) => (await client.get('/who')).text))
      expect(who[winner]).to.equal('ada')
      expect(who[1 - winner]).to.equal('AnonymousUser')
    })

    it('is replaced once in code, and stays unchanged for the user object that came later', async () => {
      const [first, second] = [await read(), await read()]
      const before = second.password
      expect(await first.replacePassword(NEW)).to.equal(true)
      expect(await second.replacePassword('another')).to.equal(false)
      expect(second.password).to.equal(before)
      expect(await which(NEW, 'another', PASSWORD)).to.deep.equal([NEW])
      // The replaced value counts as saved, so saving another field does not write it back.
      await (await read()).replacePassword('the third')
      first.firstName = 'Ada'
      await first.save()
      expect(await which(NEW, 'the third')).to.deep.equal(['the third'])
    })

    describe('hashed by a former hasher', () => {
      beforeEach(() =>
        overrideSettings({ PASSWORD_HASHERS: ['test.security.hashers.FormerHasher'] }, async () => {
          await ada.setPassword(PASSWORD)
          await ada.save()
        }),
      )

      it('is not restored by a login that was verified before it was changed', async () => {
        const [slow, quick] = [await read(), await read()]
        quick.password = await makePassword(NEW)
        holdUntil(2)
        const checked = slow.checkPassword(PASSWORD)
        while (held() === 0) await new Promise(setImmediate)
        await quick.save()
        holdNoMore()
        expect(await checked).to.equal(false)
        expect(await which(NEW, PASSWORD)).to.deep.equal([NEW])
      })

      it('is hashed again by two concurrent logins, and both stay logged in', async () => {
        const clients = [new Client(), new Client()]
        holdUntil(2)
        const responses = await Promise.all(clients.map((client) => logIn(client)))
        holdNoMore()
        expect(responses.map(({ status }) => status)).to.deep.equal([302, 302])
        expect((await read()).password).to.match(/^pbkdf2_sha256\$10\$/)
        const who = await Promise.all(clients.map(async (client) => (await client.get('/who')).text))
        expect(who).to.deep.equal(['ada', 'ada'])
      })
    })

    it('is not written back by a login, which writes only the time of the login', async () => {
      const client = new Client()
      const user = await read()
      expect((await logIn(client)).status).to.equal(302)
      expect(await user.replacePassword(NEW)).to.equal(true)
      user.lastLogin = null
      await user.save({ updateFields: ['lastLogin'] })
      expect(await which(NEW, PASSWORD)).to.deep.equal([NEW])
    })
  })
})
