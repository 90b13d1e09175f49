/** The client, the request factory and the clock for the tests of a project. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type HttpRequest, type HttpResponse, JsonResponse } from '#core/http'
import { Client, RequestFactory, stopClock } from '#core/test'
import { clock } from '#core/utils'
import { appOf } from '../http/serve.ts'

const echo = (request: HttpRequest): HttpResponse =>
  new JsonResponse({
    method: request.method,
    query: request.querystring,
    secure: request.isSecure(),
    host: request.getHost(),
    cookies: { ...request.COOKIES },
    body: request.POST.toString(),
  })

describe('a test client', () => {
  before(() => setup())

  it('sends the given data and headers', async () => {
    const client = new Client(appOf(echo))
    const response = await client.post('/x?a=1', { data: { b: [1, 2], c: true }, query: { d: 'ü' }, secure: true })
    expect(response.json()).to.deep.equal({
      method: 'POST',
      query: 'a=1&d=%C3%BC',
      secure: true,
      host: 'testserver',
      cookies: {},
      body: 'b=1&b=2&c=true',
    })
  })

  it('keeps cookies between requests, until they are deleted or expired', async () => {
    const client = new Client(
      appOf((request) => {
        const response = echo(request)
        if (request.path === '/set') response.setCookie('a', 'x y').setCookie('b', '2', { maxAge: 60 })
        if (request.path === '/delete') response.deleteCookie('a')
        return response
      }),
    )
    const set = await client.get('/set')
    expect(set.cookies.a).to.deep.equal({ name: 'a', value: 'x y', attributes: { path: '/' } })
    expect(set.cookies.b?.attributes['max-age']).to.equal('60')
    expect((await client.get('/')).json()).to.deep.include({ cookies: { a: 'x y', b: '2' } })
    await client.get('/delete')
    expect((await client.get('/')).json()).to.deep.include({ cookies: { b: '2' } })
  })
})

describe('a request factory', () => {
  before(() => setup())

  it('creates requests for a direct call of a view', async () => {
    const request = await new RequestFactory().post('/form/', { data: { a: '1' }, secure: true })
    expect([request.method, request.path, request.POST.get('a'), request.buildAbsoluteUri()]).to.deep.equal([
      'POST',
      '/form/',
      '1',
      'https://testserver/form/',
    ])
  })
})

describe('a stopped clock', () => {
  it('stands still until it is advanced', () => {
    const stopped = stopClock(new Date(5000))
    try {
      expect(clock.now()).to.equal(5000)
      stopped.advance(2.5)
      expect(clock.now()).to.equal(7500)
      stopped.moveTo(new Date(1000))
      expect(clock.now()).to.equal(1000)
    } finally {
      stopped.restore()
    }
    expect(clock.now()).to.be.greaterThan(7500)
  })
})
