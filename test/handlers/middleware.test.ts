/** MIDDLEWARE: dotted names, npm packages and functions become one chain. */
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import compress from 'koa-compress'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { createApplication } from '#core/handlers'
import { setLogLevel } from '#core/utils'
import { withSite, middleware, SITE } from './with_site.ts'
import { calls } from './site/middleware.ts'

async function problemsOf(entries: readonly (string | Middleware)[]): Promise<string[]> {
  return overrideSettings({ ...SITE, MIDDLEWARE: entries }, () =>
    createApplication().then(
      () => [],
      (error: Error) => [error.name, ...error.message.split('\n')],
    ),
  )
}

describe('MIDDLEWARE', () => {
  before(() => setup())
  beforeEach(() => {
    calls.length = 0
  })

  it('runs in the given order, and sees the match and the response', () =>
    withSite({ MIDDLEWARE: [middleware('First'), middleware('Second')] }, async (client) => {
      await client.get('/params/7/')
      await client.get('/nowhere/')
      expect(calls).to.deep.equal([
        'first in',
        'second in params/<int:pk>/',
        'second out 200',
        'first out 200',
        'first in',
        'second in no match',
        'second out 404',
        'first out 404',
      ])
    }))

  it('accepts functions, and asynchronous factories', () => {
    const own: Middleware = async ({ response }, next) => {
      await next()
      response.set('X-Own', '1')
    }
    return withSite({ MIDDLEWARE: [own, middleware('Late')] }, async (client) => {
      expect((await client.get('/')).headers['x-own']).to.equal('1')
    })
  })

  it('drops unused middleware, and logs that under DEBUG', async () => {
    setLogLevel('debug', 'django.request')
    try {
      const entries = [middleware('LeftOut'), middleware('NotUsed')]
      await withSite({ MIDDLEWARE: entries, DEBUG: true }, async (client, logs) => {
        expect((await client.get('/')).status).to.equal(200)
        expect(logs.map((each) => each.message)).to.deep.equal([
          "MiddlewareNotUsed('test.handlers.site.middleware.NotUsed'): nobody needs it",
        ])
      })
    } finally {
      setLogLevel('info', 'django.request')
    }
  })

  it('accepts an npm package by its name', () =>
    withSite({ MIDDLEWARE: ['koa-compress'] }, async (client) => {
      const response = await client.get('/', { headers: { 'accept-encoding': 'gzip' } })
      expect(response.headers['content-encoding']).to.equal('gzip')
      expect(gunzipSync(response.body).toString()).to.equal('hello '.repeat(1000))
      expect(response.headers.vary).to.equal('Accept-Encoding')
      expect((await client.get('/', { headers: { 'accept-encoding': 'identity' } })).text).to.match(/^hello/)
      expect((await client.head('/')).text).to.equal('')
    }))

  it('accepts an npm middleware created in the settings, which compresses streams too', () =>
    withSite({ MIDDLEWARE: [compress({ threshold: 0, filter: () => true })] }, async (client) => {
      const response = await client.get('/stream/', { headers: { 'accept-encoding': 'gzip' } })
      expect(gunzipSync(response.body).toString()).to.equal('ab')
    }))

  it('may respond without calling the view', () =>
    withSite({ MIDDLEWARE: [middleware('First'), middleware('AnswersItself')] }, async (client) => {
      const response = await client.get('/nowhere/')
      expect([response.status, response.json()]).to.deep.equal([200, { maintenance: true }])
      expect(response.headers['x-first']).to.equal('was here')
    }))

  it('reports all bad entries together, each with its index', async () => {
    const [name, ...problems] = await problemsOf([
      middleware('First'),
      middleware('Frist'),
      'django.middleware.nowhere.NoSuchMiddleware',
      'no-such-package',
      middleware('notAFunction'),
      middleware('GivesAText'),
      middleware('FailsAtStart'),
    ])
    expect(name).to.equal('ImproperlyConfigured')
    expect(problems).to.have.length(6)
    expect(problems[0]).to.match(/^MIDDLEWARE\[1\].*exports no 'Frist'.*Did you mean 'First'\?/)
    expect(problems[1]).to.match(
      /^MIDDLEWARE\[2\].*Nuages has no 'core\.middleware\.nowhere\.NoSuchMiddleware|^MIDDLEWARE\[2\].*core\.middleware\.nowhere/,
    )
    expect(problems[2]).to.match(/^MIDDLEWARE\[3\].*npm install no-such-package/)
    expect(problems[3]).to.contain(
      `MIDDLEWARE[4] names '${middleware('notAFunction')}', which should be a function that returns a Koa middleware,` +
        ' found 5. test/handlers/site/middleware.ts exports: ',
    )
    expect(problems[4]).to.match(/^MIDDLEWARE\[5\].*returned "middleware"\.$/)
    expect(problems[5]).to.equal(`MIDDLEWARE[6] '${middleware('FailsAtStart')}' failed: no such service`)
  })
})
