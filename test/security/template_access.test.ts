/** An explicit list defines what a template can access on a request; methods that change data are not called. */
import { expect } from 'chai'
import { AnonymousUser, User } from '#core/contrib/auth'
import { SessionBase } from '#core/contrib/sessions'
import type { HttpRequest } from '#core/http'
import { altersData } from '#core/template'
import { RequestFactory } from '#core/test'
import { engineOf, rendered } from '../template/render.ts'

const HIDDEN = [
  'app',
  'app.listen',
  'app.callback',
  'ctx',
  'ctx.app.listen',
  'ctx.throw',
  'ctx.request.app',
  'req',
  'res',
  'req.socket.destroy',
  'req.destroy',
  'res.end',
  'res.destroy',
  'response',
  'response.app',
  'response.redirect',

  'socket',
  'socket.destroy',
  'inspect',
  'toJSON',
  'accept',
  'accepts',
  'accept.types',
  'read',
  'json',
  'is',
  'get',
  'getSignedCookie',
  'idempotent',
  'constructor',
  '__proto__',
  '_events',
  'hasOwnProperty',
  'cookies',
  'URL',

  'resolverMatch.func',
  'GET.delete',
  'GET.sort',
  'FILES.clear',
  'FILES.append',
  'headers.constructor',
  'body.fill',

  'body.swap16',
  'body.buffer',
  'get_signed_cookie',
  'to_json',
  'session.flush',
  'session.clear',
  'session.cycleKey',
]

const SHOWN: Readonly<Record<string, string>> = {
  method: 'GET',
  path: '/polls/',
  pathInfo: '/polls/',
  path_info: '/polls/',
  scheme: 'http',
  'GET.q': 'tea',
  getHost: 'testserver',
  get_host: 'testserver',
  getFullPath: '/polls/?q=tea',
  get_full_path: '/polls/?q=tea',
  buildAbsoluteUri: 'http://testserver/polls/?q=tea',
  isSecure: 'false',
  'headers.accept': 'text/html',
  'COOKIES.theme': 'dark',
  querystring: 'q=tea',
  tenant: 'blue',
  'tenant_of.name': 'red',
}

const requestOf = async (): Promise<HttpRequest> => {
  const request = await new RequestFactory().get('/polls/?q=tea', {
    headers: { accept: 'text/html', cookie: 'theme=dark' },
  })
  return Object.assign(request, { tenant: 'blue', tenantOf: { name: 'red' } })
}

describe('what a template can access', () => {
  for (const name of HIDDEN) {
    it(`is not request.${name}`, async () => {
      const request = await requestOf()
      expect(await rendered(`[{{ request.${name} }}]`, { request })).to.equal('[]')
      expect(await rendered(`[{{ request.${name} }}]`, { request: Object.create(request) as unknown })).to.equal('[]')
    })
  }

  for (const [name, expected] of Object.entries(SHOWN)) {
    it(`is request.${name}`, async () => {
      const shown = await rendered(`{% autoescape off %}{{ request.${name} }}{% endautoescape %}`, {
        request: await requestOf(),
      })
      expect(shown).to.equal(expected)
    })
  }

  it('is nothing of an application, a socket or a stream that a view passes', async () => {
    const { app, ctx, req, res } = await requestOf()
    const sources =
      '{{ app.listen }}{{ app.callback }}{{ ctx.app.listen }}{{ ctx.throw }}{{ req.destroy }}{{ res.end }}{{ p.exit }}'
    expect(await rendered(sources, { app, ctx, req, res, p: process })).to.equal('')
    expect(req.destroyed).to.equal(false)
  })

  it('is no marked method, and no such method of a user or a session', async () => {
    let calls = 0
    class Order {
      charge(): string {
        return `charged ${++calls}`
      }
      total(): number {
        return 5
      }
    }
    altersData(Order.prototype, ['charge'])
    expect(await rendered('[{{ order.charge }}] {{ order.total }}', { order: new Order() })).to.equal('[] 5')
    expect(calls).to.equal(0)
    const user = new User()
    const changing = [
      'save',
      'saveIf',
      'save_if',
      'delete',
      'setPassword',
      'set_password',
      'setUnusablePassword',
      'checkPassword',
    ]
    for (const name of changing) expect(await rendered(`[{{ user.${name} }}]`, { user }), name).to.equal('[]')
    expect(await rendered('{{ user.isAuthenticated }}', { user: new AnonymousUser() })).to.equal('false')
    for (const name of ['flush', 'clear', 'delete', 'save', 'cycleKey', 'set', 'remove', 'pop', 'update', 'load']) {
      const method = (SessionBase.prototype as unknown as Record<string, { altersData?: boolean }>)[name]
      expect(method?.altersData, name).to.equal(true)
    }
  })

  it('refuses to mark a missing method', () => {
    expect(() => altersData({}, ['charge'])).to.throw("no method 'charge'")
  })

  it('is no built-in method that changes or consumes a value', async () => {
    const engine = await engineOf()
    const values: Record<string, unknown> = {
      list: [3, 1, 2],
      map: new Map([['a', 1]]),
      set: new Set([1]),
      bytes: Buffer.from([1, 2]),
      params: new URLSearchParams('b=1&a=2'),
      date: new Date(0),
      steps: [1, 2].values(),
      url: new URL('http://a/'),
    }
    const names = [
      'pop',
      'shift',
      'reverse',
      'sort',
      'fill',
      'clear',
      'swap16',
      'setTime',
      'next',
      'return',
      'splice',
      'toJSON',
    ]
    for (const variable of Object.keys(values)) {
      for (const name of [...names, 'constructor', '__proto__', 'call', 'apply', 'bind'])
        expect(engine.fromString(`[{{ ${variable}.${name} }}]`).render(values), `${variable}.${name}`).to.equal('[]')
    }
    expect(values.list).to.deep.equal([3, 1, 2])
    expect(String(values.params)).to.equal('b=1&a=2')
    expect([...(values.steps as Iterable<number>)]).to.deep.equal([1, 2])
  })
})
