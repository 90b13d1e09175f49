/** The responses that views return. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import {
  HttpResponse,
  HttpResponseBadRequest,
  HttpResponseForbidden,
  HttpResponseGone,
  HttpResponseNotAllowed,
  HttpResponseNotFound,
  HttpResponseNotModified,
  HttpResponsePermanentRedirect,
  HttpResponseRedirect,
  HttpResponseServerError,
  JsonResponse,
} from '#core/http'
import { Client } from '#core/test'
import { appOf } from './serve.ts'

describe('a response', () => {
  before(() => setup())

  it('is HTML in DEFAULT_CHARSET by default', async () => {
    expect(new HttpResponse('x').headers.get('content-type')).to.equal('text/html; charset=utf-8')
    await overrideSettings({ DEFAULT_CHARSET: 'latin1' }, () => {
      const response = new HttpResponse('ü')
      expect(response.headers.get('Content-Type')).to.equal('text/html; charset=latin1')
      expect(response.content).to.deep.equal(Buffer.from([0xfc]))
    })
  })

  it('takes its type from contentType or the headers', () => {
    expect(new HttpResponse('', { contentType: 'text/plain' }).headers.get('Content-Type')).to.equal('text/plain')
    const fromHeaders = new HttpResponse('ü', { headers: { 'content-type': 'text/plain; charset=latin1' } })
    expect(fromHeaders.charset).to.equal('latin1')
    expect(fromHeaders.content).to.have.length(1)
  })

  it('has its content as bytes and as a string, and accepts either', () => {
    const response = new HttpResponse('ü')
    expect(response.content).to.deep.equal(Buffer.from('ü'))
    response.content = new Uint8Array([0x61, 0x62])
    expect(response.text).to.equal('ab')
    expect(() => (response.content = 5 as unknown as string)).to.throw('string or bytes')
  })

  it('finds headers in any case, and sends them as given', async () => {
    const view = (): HttpResponse => new HttpResponse('', { headers: { 'X-Own-Name': 'a', 'x-COUNT': 5 } })
    const { headers } = view()
    expect(headers.get('x-own-name')).to.equal('a')
    expect(headers.has('X-COUNT')).to.equal(true)
    expect(headers.delete('X-OWN-NAME')).to.equal(true)
    expect([...headers].map(([name]) => name)).to.deep.equal(['x-COUNT', 'Content-Type'])
    expect((await new Client(appOf(view)).get('/')).headers['x-own-name']).to.equal('a')
  })

  it('refuses headers with line breaks', () => {
    for (const value of ['a\r\nSet-Cookie: x=1', 'a\nb', 'a\rb', 'a\0b']) {
      expect(() => new HttpResponse('', { headers: { 'X-A': value } }), value)
        .to.throw()
        .with.property('name', 'BadHeaderError')
    }
    expect(() => new HttpResponse('', { headers: { 'X A': '1' } }))
      .to.throw()
      .with.property('name', 'BadHeaderError')
    expect(() => new HttpResponseRedirect('/a\r\nX: y').headers).to.not.throw()
    expect(new HttpResponseRedirect('/a\r\nX: y').url).to.equal('/a%0D%0AX:%20y')
  })

  it('encodes non-Latin-1 characters in a header as an encoded word', () => {
    expect(new HttpResponse('', { headers: { 'X-A': 'é' } }).headers.get('X-A')).to.equal('é')
    expect(new HttpResponse('', { headers: { 'X-A': '€' } }).headers.get('X-A')).to.equal('=?utf-8?b?4oKs?=')
  })

  it('has the status of its class', () => {
    expect(new HttpResponseBadRequest().status).to.equal(400)
    expect(new HttpResponseForbidden().status).to.equal(403)
    expect(new HttpResponseNotFound().status).to.equal(404)
    expect(new HttpResponseGone().status).to.equal(410)
    expect(new HttpResponseServerError().status).to.equal(500)
    const notAllowed = new HttpResponseNotAllowed(['GET', 'HEAD'])
    expect([notAllowed.status, notAllowed.headers.get('Allow')]).to.deep.equal([405, 'GET, HEAD'])
    expect(new HttpResponseNotFound('x', { status: 418 }).status).to.equal(418)
    expect(() => new HttpResponse('', { status: 42 })).to.throw('from 100 to 599')
  })

  it('has the JSON content type for JSON', () => {
    const response = new JsonResponse({ a: [1, 'ü'], at: new Date(0) })
    expect(response.text).to.equal('{"a":[1,"ü"],"at":"1970-01-01T00:00:00.000Z"}')
    expect(response.headers.get('Content-Type')).to.equal('application/json')
    expect(() => new JsonResponse(undefined)).to.throw('JSON cannot hold undefined')
  })

  it('redirects only to safe schemes', () => {
    expect(new HttpResponseRedirect('/ü?a=b c').url).to.equal('/%C3%BC?a=b%20c')
    expect(new HttpResponseRedirect('https://example.com/').status).to.equal(302)
    expect(new HttpResponsePermanentRedirect('/x').status).to.equal(301)
    expect(new HttpResponseRedirect('/x', { preserveRequest: true }).status).to.equal(307)
    expect(new HttpResponsePermanentRedirect('/x', { preserveRequest: true }).status).to.equal(308)
    for (const url of [
      'javascript:alert(1)',
      ' JavaScript:x',
      'data:text/html,x',
      'http://[::1',
      `/${'x'.repeat(16_384)}`,
    ]) {
      expect(() => new HttpResponseRedirect(url), url.slice(0, 20))
        .to.throw()
        .with.property('name', 'DisallowedRedirect')
    }
  })

  it('sends no content for statuses without content', async () => {
    const notModified = await new Client(appOf(() => new HttpResponseNotModified())).get('/')
    expect([notModified.status, notModified.text, notModified.headers['content-type']]).to.deep.equal([
      304,
      '',
      undefined,
    ])
    const noContent = await new Client(appOf(() => new HttpResponse('ignored', { status: 204 }))).get('/')
    expect([noContent.status, noContent.text, noContent.headers['content-length']]).to.deep.equal([204, '', undefined])
  })

  it('sends only headers for HEAD', async () => {
    const response = await new Client(appOf(() => new HttpResponse('twelve bytes'))).head('/')
    expect([response.text, response.headers['content-length']]).to.deep.equal(['', '12'])
  })

  it('sends an empty response as empty, with its status', async () => {
    const response = await new Client(appOf(() => new HttpResponse(''))).get('/')
    expect([response.status, response.text, response.headers['content-length']]).to.deep.equal([200, '', '0'])
  })
})
