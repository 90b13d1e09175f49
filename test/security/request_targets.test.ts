/** A request target is parsed by code that cannot throw: a malformed one is 400, the rest follows RFC 9112. */
import { createRequire } from 'node:module'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { createApplication } from '#core/handlers'
import type { HttpRequest } from '#core/http'
import { RequestFactory } from '#core/test'
import { withSite } from '../handlers/with_site.ts'
import { listening } from '../http/listen.ts'
import { head, inTurn, sendRaw } from './raw.ts'
import { UNUSUAL_TARGETS } from './targets.ts'

const HOSTS = { ALLOWED_HOSTS: ['testserver', '127.0.0.1', '.example.com', '[::1]'] }

const REFUSED: readonly string[] = [
  'http://a]b/',
  'http://user@127.0.0.1/',
  'http://user:password@127.0.0.1/',
  'http://evil.example/',
  'http://127.0.0.1@evil.example/',
  'http://127.0.0.1:99999/',
  'http://127.0.0.1:0/',
  'http://127.0.0.1:080/',
  'http://127.0.0.1:x/',
  'http://[::1/',
  'http://',
  'http:///',
  'ftp://127.0.0.1/',
  '//user@host#x',
  '/#',
  '/x#y',
  '/x?y#z',
  '*',
  '/%',
  '/%zz/',
  '/%C3/',
]

/** A request as a Koa middleware sees it. */
const seen = ({ request, ctx }: { request: HttpRequest; ctx: HttpRequest['ctx'] }) => ({
  path: ctx.path,
  querystring: ctx.querystring,
  search: ctx.search,
  url: ctx.url,
  host: request.getHost(),
  koaHost: ctx.host,
})

describe('a request target', () => {
  before(() => setup())

  /** Sends raw requests to an application, and records what a middleware sees. */
  async function onRaw<T>(
    fn: (status: (bytes: Buffer | string) => Promise<number>, requests: ReturnType<typeof seen>[]) => Promise<T>,
    debug = false,
  ): Promise<T> {
    const requests: ReturnType<typeof seen>[] = []
    const looks: Middleware = (ctx, next) => {
      requests.push(seen({ request: ctx.request, ctx }))
      return next()
    }
    return withSite({ ...HOSTS, DEBUG: debug, MIDDLEWARE: [looks] }, async () =>
      listening(await createApplication(), (port) =>
        fn(async (bytes) => (await sendRaw(port, bytes)).status, requests),
      ),
    )
  }

  for (const debug of [false, true]) {
    it(`that is malformed gets 400 before any middleware${debug ? ', under DEBUG too' : ''}`, () =>
      onRaw(async (status, requests) => {
        for (const target of REFUSED) expect(await status(head(target)), target).to.equal(400)
        // A broken percent-escape is detected when the path is resolved, also before middleware.
        expect(requests).to.deep.equal([])
      }, debug))
  }

  it('in absolute form uses the host in it, whatever the Host header contains', () =>
    onRaw(async (status, requests) => {
      expect(await status(head('http://www.example.com:8080/?a=1', ['Host: evil.example']))).to.equal(200)
      expect(await status(head('HTTPS://127.0.0.1', ['Host: www.example.com']))).to.equal(200)
      expect(await status(head('http://[::1]?b'))).to.equal(200)
      expect(requests).to.deep.equal([
        {
          path: '/',
          querystring: 'a=1',
          search: '?a=1',
          url: '/?a=1',
          host: 'www.example.com:8080',
          koaHost: 'www.example.com:8080',
        },
        { path: '/', querystring: '', search: '', url: '/', host: '127.0.0.1', koaHost: '127.0.0.1' },
        { path: '/', querystring: 'b', search: '?b', url: '/?b', host: '[::1]', koaHost: '[::1]' },
      ])
    }))

  it('of the server as a whole, with OPTIONS, is not a page', () =>
    onRaw(async (status, requests) => {
      expect(await status(head('*', ['Host: 127.0.0.1'], 'OPTIONS'))).to.equal(404)
      expect(requests).to.deep.equal([])
    }))

  it('keeps two slashes, a backslash and an encoded slash in its path', () =>
    onRaw(async (status, requests) => {
      const targets = ['//evil.example/x', '/\\evil.example', '/a%2Fb', '/a//b/../c']
      for (const target of targets) expect(await status(head(target)), target).to.equal(404)
      expect(requests.map(({ path }) => path)).to.deep.equal(targets)
    }))

  for (const debug of [false, true]) {
    it(`of every unusual kind gets a response from 2xx to 4xx${debug ? ' under DEBUG' : ''}`, async function () {
      this.timeout(60_000)
      await onRaw(async (status) => {
        const failed: string[] = []
        await inTurn(UNUSUAL_TARGETS, async (target) => {
          const found = await status(head(target))
          if (found < 200 || found > 499) failed.push(`${found} ${JSON.stringify(target.slice(0, 60))}`)
        })
        expect(failed).to.deep.equal([])
      }, debug)
    })
  }

  it('of raw bytes is read as UTF-8, and refused if the path is not UTF-8', async () => {
    // Node's own parser refuses them; other servers in front of a Koa application may not.
    const app = async (url: string): Promise<[number, string]> => {
      let path = ''
      const looks: Middleware = (ctx, next) => {
        path = `${ctx.path} ${ctx.request.pathInfo}`
        return next()
      }
      return overrideSettings({ MIDDLEWARE: [looks] }, async () => {
        const { request, response } = await requestOf(url)
        const handle = (await createApplication()).callback()
        await handle(request, response)
        return [response.statusCode, path]
      })
    }
    await withSite(HOSTS, async () => {
      expect(await app('/caf\u00c3\u00a9')).to.deep.equal([404, '/caf%C3%A9 /café'])
      expect(await app('/caf\u00e9')).to.deep.equal([400, ''])
      expect(await app('/\u20ac')).to.deep.equal([404, '/%E2%82%AC /€'])
      expect(await app('/a b')).to.deep.equal([400, ''])
      expect(await app('/a\u0000')).to.deep.equal([400, ''])
      expect(await app('')).to.deep.equal([400, ''])
      expect(await app(undefined as never)).to.deep.equal([400, ''])
      expect(await app(null as never)).to.deep.equal([400, ''])
      expect(await app('x')).to.deep.equal([400, ''])
    })
  })
})

async function requestOf(url: string) {
  const { IncomingMessage, ServerResponse } = await import('node:http')
  const { Socket } = await import('node:net')
  const request = new IncomingMessage(new Socket())
  Object.assign(request, { method: 'GET', url, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 })
  request.rawHeaders = ['Host', 'testserver']
  request.headers.host = 'testserver'
  request.push(null)
  return { request, response: new ServerResponse(request) }
}

describe("Koa's attributes of a request", () => {
  const requests = new RequestFactory()
  before(() => setup())

  const at = async (url: string): Promise<HttpRequest> => {
    const request = await requests.get('/')
    request.req.url = url
    return request
  }

  it('can be read for any target', async () => {
    for (const url of [...UNUSUAL_TARGETS, '\ud800', undefined as never, null as never, 5 as never]) {
      const request = await at(url)
      for (const name of [
        'path',
        'querystring',
        'search',
        'query',
        'href',
        'URL',
        'host',
        'hostname',
        'origin',
        'fresh',
        'subdomains',
        'protocol',
        'ip',
        'type',
        'length',
      ] as const) {
        expect(() => request[name], `${name} of ${url}`).to.not.throw()
      }
      expect(request.path).to.be.a('string')
    }
  })

  it('are the same as Koa’s own for an ordinary target', async () => {
    const parse = createRequire(createRequire(import.meta.url).resolve('koa'))('parseurl') as (req: object) => {
      pathname: string
      query: string | null
      search: string | null
    }
    for (const url of ['/', '/a/b', '/a?', '/a?b', '/a?b?c=d&e', '/%41%2f', '/a//b', '//a/b', "/a;b,c'(d)!*~$&+=:@"]) {
      const { path, querystring } = await at(url)
      const { pathname, query } = parse({ url })
      expect({ path, querystring }, url).to.deep.equal({ path: pathname, querystring: query ?? '' })
    }
  })

  it('can be assigned, as rewriting middleware does', async () => {
    const request = await at('/old?a=1')
    request.path = '/new'
    expect(request.url).to.equal('/new?a=1')
    request.path = '/with?mark#and'
    expect([request.url, request.path]).to.deep.equal(['/with%3Fmark%23and?a=1', '/with%3Fmark%23and'])
    request.querystring = 'b=2'
    expect([request.url, request.search]).to.deep.equal(['/with%3Fmark%23and?b=2', '?b=2'])
    request.search = '?c=3'
    expect(request.querystring).to.equal('c=3')
    request.query = { d: '4', e: ['5', '6'] }
    expect(request.querystring).to.equal('d=4&e=5&e=6')
    request.querystring = ''
    expect(request.url).to.equal('/with%3Fmark%23and')
    Object.assign(request, { querystring: undefined, path: null })
    expect([request.url, request.path, request.querystring]).to.deep.equal(['', '', ''])
    request.url = '/elsewhere?x'
    expect([request.path, request.querystring]).to.deep.equal(['/elsewhere', 'x'])
  })

  it('return the fields of a query as Koa does, in time proportional to their number', async () => {
    const request = await at('/?a=1&b=2&a=3&a=4&__proto__=5&c')
    const { query } = request
    expect(Object.entries(query)).to.deep.equal([
      ['a', ['1', '3', '4']],
      ['b', '2'],
      ['__proto__', '5'],
      ['c', ''],
    ])
    expect(Object.getPrototypeOf(query)).to.equal(Object.prototype)
    expect(request.query).to.equal(query)
    const { prototype } = URLSearchParams
    const original = Object.getOwnPropertyDescriptor(prototype, 'getAll') as PropertyDescriptor
    let searches = 0
    Object.defineProperty(prototype, 'getAll', {
      ...original,
      value(this: URLSearchParams, name: string) {
        searches++
        return (original.value as (name: string) => string[]).call(this, name)
      },
    })
    try {
      expect((await at(`/?${'a&'.repeat(8000)}`)).query.a).to.have.length(8000)
    } finally {
      Object.defineProperty(prototype, 'getAll', original)
    }
    // Koa itself searches all fields again for each one.
    expect(searches).to.equal(0)
  })

  it('redirect back only to a page of this site, whatever the Referer contains', async () => {
    const back = async (referer: string): Promise<string> => {
      const { ctx } = await requests.get('/', { headers: { referer } })
      ctx.back('/alt')
      return ctx.response.get('Location')
    }
    expect(await back('http://testserver/x?y')).to.equal('http://testserver/x?y')
    for (const referer of [
      'http://a]b/',
      'http://evil.example/',
      '//testserver/',
      'x',
      '',
      'http://',
      'http://testserver:99999/',
    ]) {
      expect(await back(referer), referer).to.equal('/alt')
    }
  })
})
