/** Vary and Cache-Control on Koa's own response. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { getMaxAge, hasVaryHeader, HttpResponse, patchCacheControl, patchVaryHeaders } from '#core/http'
import { Client } from '#core/test'
import { appOf } from './serve.ts'

describe('the caching headers', () => {
  before(() => setup())

  it('are patched in the middleware, after the view and npm middleware have set them', async () => {
    const view = new HttpResponse('', { headers: { Vary: 'Accept', 'Cache-Control': 'public, max-age=60' } })
    const app = appOf(
      () => view,
      async ({ response }, next) => {
        response.vary('Origin')
        await next()
        patchVaryHeaders(response, ['Cookie', 'accept'])
        patchCacheControl(response, { private: true, maxAge: 600 })
        expect(hasVaryHeader(response, 'COOKIE')).to.equal(true)
        expect(getMaxAge(response)).to.equal(60)
      },
    )
    const { headers } = await new Client(app).get('/')
    expect(headers.vary).to.equal('Origin, Accept, Cookie')
    expect(headers['cache-control']).to.equal('max-age=60, private')
  })

  it('merge fields of no-cache, and the bare directive replaces them all', () => {
    const response = new HttpResponse()
    patchCacheControl(response, { noCache: 'Set-Cookie' })
    patchCacheControl(response, { noCache: 'X-Own' })
    expect(response.headers.get('Cache-Control')).to.equal('no-cache=Set-Cookie, no-cache=X-Own')
    patchCacheControl(response, { noCache: true })
    expect(response.headers.get('Cache-Control')).to.equal('no-cache')
  })
})
