/** examples/beside-django works: Django and Nuages behind one proxy form one site. Needs Django for Python. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { expect } from 'chai'
import { type Finished, freePort, REPOSITORY, Running } from '../management/processes.ts'
import { PYTHON, python, requireService, temporaryFolder } from '../services.ts'
import { HttpClient, type Page } from './http_client.ts'

const EXAMPLE = path.join(REPOSITORY, 'examples', 'beside-django')
const PASSWORD = 'three green apples'
const OTHER_PASSWORD = 'four yellow pears'

/** The page, the form and the auth pages of each side. */
const SIDES = {
  Django: { page: '/', add: '/cart/add/', accounts: '/accounts/' },
  Nuages: { page: '/shop/', add: '/shop/cart/add/', accounts: '/shop/accounts/' },
} as const
type Side = keyof typeof SIDES
const BOTH_WAYS: readonly (readonly [Side, Side])[] = [
  ['Django', 'Nuages'],
  ['Nuages', 'Django'],
]

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })

const userOn = ({ text }: Page): string | undefined => /<span class="who">(.*?)<\/span>/.exec(text)?.[1]
const visitsOn = ({ text }: Page): number => Number(/<strong id="visits">(\d+)</.exec(text)?.[1])
const messagesOn = ({ text }: Page): string[] =>
  [...text.matchAll(/<p class="message"[^>]*>(.*?)<\/p>/g)].map((found) => found[1] as string)
const cartOn = ({ text }: Page): string[] =>
  [...text.matchAll(/<li>(\d+ × \w+)<\/li>/g)].map((found) => found[1] as string)

/** The example, started on free ports with its own database. */
class Example {
  readonly running: Running
  readonly ports: readonly number[]

  constructor(ports: readonly number[]) {
    const [PORT, DJANGO_PORT, NUAGES_PORT] = ports.map(String)
    const env = { PYTHON, BESIDE_FOLDER: temporaryFolder('beside'), PORT, DJANGO_PORT, NUAGES_PORT }
    this.running = new Running(process.execPath, [path.join(EXAMPLE, 'start.mjs')], { env })
    this.ports = ports
  }

  static async start(): Promise<Example> {
    const example = new Example([await freePort(), await freePort(), await freePort()])
    await example.running.line(/^Open http:\/\/127\.0\.0\.1:\d+\/ and log in as 'ada'/)
    return example
  }

  get site(): string {
    return `http://127.0.0.1:${this.ports[0]}`
  }

  stop(signal: NodeJS.Signals): Promise<Finished> {
    this.running.kill(signal)
    return this.running.finished
  }
}

describe('examples/beside-django', function () {
  // These tests start three servers.
  this.timeout(60_000)

  let example: Example | undefined
  let client: HttpClient
  let password = PASSWORD

  const site = (): string => (example as Example).site

  before(async function () {
    requireService(await python('django'), this)
    example = await Example.start()
  })
  after(async () => {
    await example?.stop('SIGTERM')
  })
  beforeEach(() => {
    client = new HttpClient(site())
  })

  const logIn = (on: Side, who = client) => {
    const address = `${SIDES[on].accounts}login/`
    return who.fill(address, { username: 'ada', password })
  }

  for (const [here, there] of BOTH_WAYS) {
    describe(`from ${here} to ${there}`, () => {
      const { page, add, accounts } = SIDES[here]
      const { page: otherPage, add: otherAdd } = SIDES[there]

      it('recognises a login', async () => {
        expect(userOn(await client.get(otherPage))).to.equal('Not logged in')
        expect((await logIn(here)).location).to.equal('/')
        expect(userOn(await client.get(otherPage))).to.equal('ada')
        expect(userOn(await client.get(page))).to.equal('ada')
      })

      it('a login there keeps a session that started here', async () => {
        const elsewhere = new HttpClient(site())
        await logIn(here)
        await logIn(there, elsewhere)
        expect(userOn(await client.get(page))).to.equal('ada')
        await logIn(here, elsewhere)
        expect(userOn(await client.get(otherPage))).to.equal('ada')
      })

      it('shares a session: the content of the cart, and the number of pages', async () => {
        await client.fill(page, { name: 'tea' }, add)
        await client.fill(otherPage, { name: 'tea' }, otherAdd)
        await client.fill(otherPage, { name: 'cake' }, otherAdd)
        const [one, other] = [await client.get(page), await client.get(otherPage)]
        expect([cartOn(one), cartOn(other)]).to.deep.equal([
          ['2 × tea', '1 × cake'],
          ['2 × tea', '1 × cake'],
        ])
        expect([visitsOn(one), visitsOn(other)]).to.deep.equal([4, 5])
      })

      it('keeps a cart that was filled before the login, under a new key', async () => {
        await client.fill(page, { name: 'coffee' }, add)
        const before = client.cookie('sessionid')
        await logIn(there)
        expect(client.cookie('sessionid')).not.to.equal(before)
        expect(cartOn(await client.get(page))).to.deep.equal(['1 × coffee'])
      })

      it('shows a message once', async () => {
        await client.fill(page, { name: 'tea' }, add)
        expect(messagesOn(await client.get(otherPage))).to.deep.equal([`${here} put tea into your cart.`])
        expect(messagesOn(await client.get(page))).to.deep.equal([])
      })

      it('accepts a form of a page, and refuses one without the token or with another client’s token', async () => {
        expect((await client.fill(page, { name: 'tea' }, otherAdd)).status).to.equal(302)
        expect((await client.post(otherAdd, { name: 'tea' })).status).to.equal(403)
        const csrfmiddlewaretoken = await new HttpClient(site()).token(page)
        expect((await client.post(otherAdd, { name: 'tea', csrfmiddlewaretoken })).status).to.equal(403)
        expect(cartOn(await client.get(otherPage))).to.deep.equal(['1 × tea'])
      })

      it('a logout ends the session for both', async () => {
        await logIn(there)
        const copy = client.cookie('sessionid')
        expect((await client.fill(otherPage, {}, `${accounts}logout/`)).location).to.equal('/')
        expect(userOn(await client.get(otherPage))).to.equal('Not logged in')
        const asBefore = { headers: { cookie: `sessionid=${copy}` } }
        const text = await (await fetch(site() + otherPage, asBefore)).text()
        expect(text).to.include('Not logged in')
      })

      it('a change of the password ends the other sessions, keeps this one, and applies to both', async () => {
        const elsewhere = new HttpClient(site())
        await logIn(there, elsewhere)
        await logIn(here)
        const changed = password === PASSWORD ? OTHER_PASSWORD : PASSWORD
        const fields = { old_password: password, new_password1: changed, new_password2: changed }
        expect((await client.fill(`${accounts}password_change/`, fields)).status).to.equal(302)
        password = changed
        expect(userOn(await client.get(otherPage))).to.equal('ada')
        expect(userOn(await elsewhere.get(otherPage))).to.equal('Not logged in')
        await logIn(there, elsewhere)
        expect(userOn(await elsewhere.get(page))).to.equal('ada')
      })
    })
  }

  it('redirects from a page of Nuages that requires a login to Django, and back', async () => {
    const { location } = await client.get('/shop/checkout/')
    expect(location).to.equal('/accounts/login/?next=/shop/checkout/')
    expect((await client.fill(location as string, { username: 'ada', password })).location).to.equal('/shop/checkout/')
    expect((await client.get('/shop/checkout/')).text).to.include('Hello, ada.')
  })

  it('ignores headers of clients that only the proxy may set', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'elsewhere.example' }
    const page = await fetch(`${site()}/shop/checkout`, { headers, redirect: 'manual' })
    expect([page.status, page.headers.get('location')]).to.deep.equal([301, '/shop/checkout/'])
    for (const { page: address, add } of Object.values(SIDES)) {
      const token = await client.token(address)
      const cookie = `csrftoken=${client.cookie('csrftoken')}`
      // With https, a form without Origin would need a Referer.
      const body = new URLSearchParams({ name: 'tea', csrfmiddlewaretoken: token })
      const sent = await fetch(site() + add, {
        method: 'POST',
        body,
        headers: { ...headers, cookie },
        redirect: 'manual',
      })
      expect(sent.status).to.equal(302)
    }
  })

  it('has an nginx.conf with the ports, the path and the headers of its own proxy', () => {
    const text = readFileSync(path.join(EXAMPLE, 'nginx.conf'), 'utf8')
    for (const line of [
      'server 127.0.0.1:8001;',
      'server 127.0.0.1:8002;',
      'location /shop/ {',
      'proxy_set_header Host $http_host;',
      'proxy_set_header X-Forwarded-Proto $scheme;',
    ]) {
      expect(text).to.include(line)
    }
  })

  describe('when it is stopped', () => {
    it('has nothing left to migrate and no errors in its logs, and leaves no server behind', async () => {
      const own = await Example.start()
      const open = () => Promise.all(own.ports.map(isOpen))
      expect(await open()).to.deep.equal([true, true, true])
      const page = await fetch(`${own.site}/shop/`)
      expect([page.status, await page.text()][0]).to.equal(200)
      const { code, stdout, stderr } = await own.stop('SIGINT')
      expect([code, stderr, await open()]).to.deep.equal([0, '', [false, false, false]])
      for (const side of ['django', 'nuages']) {
        expect(stdout).to.include(`${side} | System check identified no issues (0 silenced).`)
      }
      expect(stdout).not.to.match(/unapplied migration|Session data corrupted|Traceback|Error/)
    })

    it('ends the other servers when one of them fails, with an exit code', async () => {
      const own = await Example.start()
      const taken = new Example(own.ports)
      const { code } = await taken.running.finished
      expect(code).to.equal(1)
      expect((await fetch(`${own.site}/`)).status).to.equal(200)
      expect((await own.stop('SIGHUP')).code).to.equal(0)
    })
  })
})
