/** A view gets the request and the params of its route, and returns a response. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import inject from 'light-my-request'
import { setup } from '#core/apps'
import { createApplication } from '#core/handlers'
import { requireFastPaths } from '../services.ts'
import { withSite } from './with_site.ts'

describe('a view', () => {
  before(() => setup())

  it('returns status, headers, cookies and content', () =>
    withSite({}, async (client, logs) => {
      const response = await client.get('/')
      expect(response.status).to.equal(200)
      expect(response.text).to.match(/^hello hello/)
      expect(response.headers['x-view']).to.equal('hello')
      expect(response.setCookie).to.deep.equal(['seen=1; Path=/'])
      expect(logs).to.deep.equal([])
    }))

  it('gets the params of its route by name, unnamed groups by index', () =>
    withSite({}, async (client) => {
      expect((await client.get('/params/7/')).json()).to.deep.equal({ pk: 7 })
      expect((await client.get('/groups/12/ab/')).json()).to.deep.equal({ 0: '12', 1: 'ab' })
    }))

  it('is found by the decoded path', () =>
    withSite({}, async (client) => {
      expect((await client.get('/a%20b/%C3%BC/')).text).to.equal('decoded')
    }))

  it('has parsed forms and JSON when it runs', () =>
    withSite({}, async (client) => {
      expect((await client.post('/form/', { data: { a: '1' } })).json()).to.deep.include({ post: [['a', '1']] })
      const data = new FormData()
      data.append('doc', new File(['x'], 'x.txt'))
      expect((await client.post('/form/', { data })).json()).to.deep.include({ files: ['doc'] })
      expect((await client.put('/json/', { json: { a: 1 } })).json()).to.deep.equal({ a: 1 })
    }))

  it('may stream, and send files', () =>
    withSite({}, async (client) => {
      expect((await client.get('/stream/')).text).to.equal('ab')
      expect((await client.get('/file/')).text).to.match(/^\/\*\* The views of the site/)
    }))

  it('sends the responses of one tick together', async function () {
    requireFastPaths(this)
    const order: string[] = []
    const note: Middleware = ({ res }, next) => {
      order.push('request')
      const end = res.end.bind(res) as (...args: unknown[]) => typeof res
      res.end = (...args: unknown[]) => {
        order.push('response')
        return end(...args)
      }
      return next()
    }
    await withSite({ MIDDLEWARE: [note] }, async () => {
      const listener = (await createApplication()).callback()
      const headers = { host: 'testserver' }
      const responses = []
      for (let request = 0; request < 3; request++) {
        responses.push(inject((req, res) => void listener(req, res), { url: '/params/7/', headers }))
        // Time enough for a response, without leaving the tick.
        for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => process.nextTick(resolve))
      }
      await Promise.all(responses)
    })
    expect(order).to.deep.equal(['request', 'request', 'request', 'response', 'response', 'response'])
  })

  it('that returns nothing is named in the error', () =>
    withSite({}, async (client, logs) => {
      expect((await client.get('/nothing/')).status).to.equal(500)
      expect(logs).to.have.length(1)
      expect(logs[0]).to.include({
        logger: 'django.request',
        level: 'error',
        message: 'Internal Server Error: /nothing/',
      })
      expect(String(logs[0]?.error)).to.match(
        /^TypeError: The view nothing \(route 'nothing\/'\) should return an HttpResponse, but returned nothing\./,
      )
    }))

  it('that returns something else causes an error with the type of that', () =>
    withSite({}, async (client, logs) => {
      expect((await client.get('/text/')).status).to.equal(500)
      expect(String(logs[0]?.error)).to.contain('but returned "text"')
    }))

  it('gets a response without content for HEAD', () =>
    withSite({}, async (client) => {
      const response = await client.head('/')
      expect([response.status, response.text, response.headers['content-length']]).to.deep.equal([200, '', '6000'])
    }))
})
