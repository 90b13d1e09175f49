/** A view gets the request and the params of its route, and answers with a response. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import inject from 'light-my-request'
import { setup } from '#core/apps'
import { createApplication } from '#core/handlers'
import { requireFastPaths } from '../services.ts'
import { ask } from './ask.ts'

describe('a view', () => {
  before(() => setup())

  it('answers with status, headers, cookies and content', () =>
    ask({}, async (client, logs) => {
      const response = await client.get('/')
      expect(response.status).to.equal(200)
      expect(response.text).to.match(/^hello hello/)
      expect(response.headers['x-view']).to.equal('hello')
      expect(response.setCookie).to.deep.equal(['seen=1; Path=/'])
      expect(logs).to.deep.equal([])
    }))

  it('gets the params of its route by name, unnamed groups by index', () =>
    ask({}, async (client) => {
      expect((await client.get('/params/7/')).json()).to.deep.equal({ pk: 7 })
      expect((await client.get('/groups/12/ab/')).json()).to.deep.equal({ 0: '12', 1: 'ab' })
    }))

  it('is found by the decoded path', () =>
    ask({}, async (client) => {
      expect((await client.get('/a%20b/%C3%BC/')).text).to.equal('decoded')
    }))

  it('finds forms and JSON read when it runs', () =>
    ask({}, async (client) => {
      expect((await client.post('/form/', { data: { a: '1' } })).json()).to.deep.include({ post: [['a', '1']] })
      const data = new FormData()
      data.append('doc', new File(['x'], 'x.txt'))
      expect((await client.post('/form/', { data })).json()).to.deep.include({ files: ['doc'] })
      expect((await client.put('/json/', { json: { a: 1 } })).json()).to.deep.equal({ a: 1 })
    }))

  it('may stream, and send files', () =>
    ask({}, async (client) => {
      expect((await client.get('/stream/')).text).to.equal('ab')
      expect((await client.get('/file/')).text).to.match(/^\/\*\* The views of the site/)
    }))

  it('answers in company: the answers of one turn of the event loop leave together', async function () {
    requireFastPaths(this)
    const order: string[] = []
    const note: Middleware = ({ res }, next) => {
      order.push('asked')
      const end = res.end.bind(res) as (...args: unknown[]) => typeof res
      res.end = (...args: unknown[]) => {
        order.push('answered')
        return end(...args)
      }
      return next()
    }
    await ask({ MIDDLEWARE: [note] }, async () => {
      const listener = (await createApplication()).callback()
      const headers = { host: 'testserver' }
      const answers = []
      for (let request = 0; request < 3; request++) {
        answers.push(inject((req, res) => void listener(req, res), { url: '/params/7/', headers }))
        // Time enough for an answer, without leaving the turn.
        for (let i = 0; i < 50; i++) await new Promise<void>((resolve) => process.nextTick(resolve))
      }
      await Promise.all(answers)
    })
    expect(order).to.deep.equal(['asked', 'asked', 'asked', 'answered', 'answered', 'answered'])
  })

  it('that returns nothing is named in the error', () =>
    ask({}, async (client, logs) => {
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

  it('that returns something else is told what it returned', () =>
    ask({}, async (client, logs) => {
      expect((await client.get('/text/')).status).to.equal(500)
      expect(String(logs[0]?.error)).to.contain('but returned "text"')
    }))

  it('to HEAD is answered without content', () =>
    ask({}, async (client) => {
      const response = await client.head('/')
      expect([response.status, response.text, response.headers['content-length']]).to.deep.equal([200, '', '6000'])
    }))
})
