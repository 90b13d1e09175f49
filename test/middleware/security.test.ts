/** SecurityMiddleware: redirects to https and to the right host, with headers on every response. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import type { ClientResponse } from '#core/test'
import { forgetProxyHint } from '../../core/middleware/security.ts'
import { withSite } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.security.SecurityMiddleware']

const get = (path: string, settings: Settings, secure = false, headers = {}): Promise<ClientResponse> =>
  withSite({ MIDDLEWARE, ...settings }, (client) => client.get(path, { secure, headers }))

const hsts = async (settings: Settings, secure: boolean, headers = {}): Promise<unknown> =>
  (await get('/', { SECURE_HSTS_SECONDS: 60, ...settings }, secure, headers)).headers['strict-transport-security']

describe('SecurityMiddleware', () => {
  before(() => setup())

  it('sends nosniff, a referrer policy and an opener policy by default, and no HSTS', async () => {
    const { headers } = await get('/', {}, true)
    expect(headers).to.include({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    })
    expect(headers).to.not.have.property('strict-transport-security')
  })

  it('sends HSTS only over https', async () => {
    expect(await hsts({}, false)).to.equal(undefined)
    expect(await hsts({}, true)).to.equal('max-age=60')
    const both = { SECURE_HSTS_INCLUDE_SUBDOMAINS: true, SECURE_HSTS_PRELOAD: true }
    expect(await hsts(both, true)).to.equal('max-age=60; includeSubDomains; preload')
    const SECURE_PROXY_SSL_HEADER = ['HTTP_X_FORWARDED_PROTO', 'https']
    expect(await hsts({ SECURE_PROXY_SSL_HEADER }, true, { 'x-forwarded-proto': 'http' })).to.equal(undefined)
    expect(await hsts({ SECURE_PROXY_SSL_HEADER }, false, { 'x-forwarded-proto': 'https' })).to.equal('max-age=60')
  })

  it('redirects to https, on the same host or on SECURE_SSL_HOST', async () => {
    const SECURE_SSL_REDIRECT = true
    const to = async (path: string, settings: Settings = {}): Promise<unknown> => {
      const { status, headers } = await get(path, { SECURE_SSL_REDIRECT, ...settings })
      return status === 301 ? headers.location : status
    }
    expect(await to('/with/?a=1&b=%20')).to.equal('https://testserver/with/?a=1&b=%20')
    expect(await to('/with/', { SECURE_SSL_HOST: 'secure.example.com' })).to.equal('https://secure.example.com/with/')
    expect(await to('/with/', { SECURE_REDIRECT_EXEMPT: [/^with/g] })).to.equal(200)
    expect(await to('/with/', { SECURE_REDIRECT_EXEMPT: [/^\/with/] })).to.equal('https://testserver/with/')
    expect((await get('/with/', { SECURE_SSL_REDIRECT }, true)).status).to.equal(200)
  })

  it('does not redirect to a host made up by the client', async () => {
    const SECURE_SSL_REDIRECT = true
    for (const host of ['evil.test', 'testserver.evil.test', 'testserver@evil.test', 'evil.test/testserver']) {
      const { status, headers } = await get('/with/', { SECURE_SSL_REDIRECT }, false, { host })
      expect([host, status, headers.location]).to.deep.equal([host, 400, undefined])
    }
    const { headers } = await get('//evil.test/with', { SECURE_SSL_REDIRECT })
    expect(headers.location).to.equal('https://testserver/%2Fevil.test/with')
    const forwarded = { 'x-forwarded-host': 'evil.test' }
    expect((await get('/', { SECURE_SSL_REDIRECT }, false, forwarded)).headers.location).to.equal('https://testserver/')
  })

  it('sends its headers with error responses too, of views and of other middleware', async () => {
    const failing: Middleware = () => {
      throw new Error('The middleware failed.')
    }
    for (const settings of [{}, { MIDDLEWARE: [...MIDDLEWARE, failing] }]) {
      const { status, headers } = await get('/failing/', settings)
      expect([status, headers['x-content-type-options']]).to.deep.equal([500, 'nosniff'])
    }
  })

  it('logs once which proxy header would end a redirect loop', () => {
    forgetProxyHint()
    return withSite({ MIDDLEWARE, SECURE_SSL_REDIRECT: true }, async (client, logs) => {
      for (let i = 0; i < 2; i++) await client.get('/', { headers: { 'x-forwarded-proto': 'https' } })
      expect(logs.map(({ logger }) => logger)).to.deep.equal(['django.security.proxy'])
    })
  })
})
