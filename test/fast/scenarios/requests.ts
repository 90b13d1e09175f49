/** Whole requests over sockets: routes, cookies, hosts, forms and errors, through the chain of a usual project. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as fc from 'fast-check'
import type { Settings } from '#core/conf'
import { connection } from '#core/db'
import { createApplication } from '#core/handlers'
import { withDatabase } from '../../contrib/sessions/database.ts'
import { enterScope } from '../../suite_scope.ts'
import { ALWAYS, type Runner, type Scenario } from '../scenario.ts'

interface Visit {
  readonly method: string
  readonly path: string
  readonly host: string
  /** Sent beside the cookies that the site has set. */
  readonly cookie: string
  readonly form: string | undefined
  /** How many of them are sent together; only where they do not change anything. */
  readonly copies: number
}

const CHANGING = ['/count/', '/form/', '/thanks/', '/signed/']

const path = fc.oneof(
  fc.constantFrom(...CHANGING),
  fc.constantFrom(
    '/',
    '/stream/',
    '/fail/',
    '/missing/',
    '/nothing/',
    '/items/new/',
    '/items/12/',
    '/items/x/',
    '/items/12',
  ),
  fc.constantFrom(
    '/old/2024/',
    '/old/20/',
    '/in/',
    '/in/here/',
    '/in/no where/',
    '/?a=1&a=%C3%BC',
    '/items/5/?x=',
    '//',
    '/%zz',
  ),
  fc.webPath(),
)

const cookie = fc.oneof(
  fc.constantFrom(
    '',
    'theme=dark',
    'a="quoted \\303\\274"; b=2',
    'a=1; a=2; =x; y',
    'seen=forged:1:x',
    'sessionid=short',
  ),
  fc.stringMatching(/^[ -~]{0,30}$/),
)

const visit: fc.Arbitrary<Visit> = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS'),
    path,
    host: fc.constantFrom('127.0.0.1', '127.0.0.1', '127.0.0.1', 'www.example.com', 'EXAMPLE.com:80', 'evil.test', '['),
    cookie,
    form: fc.option(fc.constantFrom('name=Ada', 'name=%C3%BC&name=2', 'x'), { nil: undefined }),
    copies: fc.integer({ min: 1, max: 4 }),
  })
  .map((each) => (CHANGING.includes(each.path) || each.method === 'POST' ? { ...each, copies: 1 } : each))

/** Headers that tell of the time or of the connection. */
const OF_THE_MOMENT = ['date', 'connection', 'keep-alive']

const SETTINGS: Settings = {
  DEBUG: false,
  ALLOWED_HOSTS: ['127.0.0.1', '.example.com'],
  ROOT_URLCONF: 'test.fast.site',
  SESSION_ENGINE: 'core.contrib.sessions.backends.db',
  TEMPLATES: [
    {
      BACKEND: 'core.template.backends.django.DjangoTemplates',
      DIRS: ['test/fast/templates'],
      APP_DIRS: true,
      OPTIONS: { context_processors: ['core.template.context_processors.request'] },
    },
  ],
}

/** One browser: what it has in its jar, and its connections. */
class Browser {
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })
  readonly #jar = new Map<string, string>()

  constructor(port: number) {
    this.#port = port
  }

  async visit({ copies, ...each }: Visit): Promise<unknown> {
    const jar = Array.from(this.#jar, ([name, value]) => `${name}=${value}`)
    const cookies = [...jar, each.cookie].filter((text) => text !== '').join('; ')
    const responses = await Promise.all(Array.from({ length: copies }, () => this.#ask(each, cookies)))
    for (const { cookies: lines } of responses) for (const line of lines) this.#keep(line)
    return responses
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';')
    const [name = ''] = pair.split('=')
    const value = pair.slice(name.length + 1)
    if (value === '' || value === '""') this.#jar.delete(name)
    else this.#jar.set(name, value)
  }

  async #ask(
    each: Omit<Visit, 'copies'>,
    cookies: string,
  ): Promise<{
    readonly cookies: readonly string[]
    readonly status: unknown
    readonly headers: unknown
    readonly body: string
  }> {
    const { method, path: asked, host, form } = each
    const token = this.#jar.get('csrftoken')
    const body = method !== 'POST' || form === undefined ? undefined : `${form}&csrfmiddlewaretoken=${token ?? ''}`
    const sent = request({
      port: this.#port,
      method,
      path: asked.replaceAll(' ', '%20'),
      agent: this.#agent,
      headers: {
        host,
        ...(cookies !== '' && { cookie: cookies }),
        ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    }).end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const pieces: Buffer[] = []
    for await (const piece of response) pieces.push(piece as Buffer)
    const headers = Object.entries(response.headers).filter(([name]) => !OF_THE_MOMENT.includes(name))
    return {
      cookies: response.headers['set-cookie'] ?? [],
      status: response.statusCode,
      headers,
      body: Buffer.concat(pieces).toString('latin1'),
    }
  }

  close(): void {
    this.#agent.destroy()
  }
}

async function opened(): Promise<Runner<readonly Visit[]>> {
  const leave = await enterScope((inside) => withDatabase(inside, SETTINGS))
  const server: Server = (await createApplication()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    async run(visits) {
      const browser = new Browser(port)
      const results: unknown[] = []
      try {
        await connection('django_session').delete()
        for (const each of visits) results.push(await browser.visit(each))
        results.push(await connection('django_session').orderBy('session_key'))
      } finally {
        browser.close()
      }
      // Both sites have a port of their own.
      return JSON.parse(JSON.stringify(results).replaceAll(String(port), 'port')) as unknown
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await leave()
    },
  }
}

export const requestScenario: Scenario<readonly Visit[]> = {
  name: 'requests',
  arbitrary: fc.array(visit, { minLength: 1, maxLength: 12 }),
  runs: 60,
  targets: async () => ALWAYS,
  open: opened,
}
