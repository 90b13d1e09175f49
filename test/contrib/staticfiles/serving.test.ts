/** Static files are served in development, before all middleware, and nothing else is. */
import { symlinkSync, utimesSync } from 'node:fs'
import { expect } from 'chai'
import type { Settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { createApplication } from '#core/handlers'
import { Client, type ClientResponse } from '#core/test'
import { captureLogs } from '#core/utils'
import { failureOf, StaticSite } from './site.ts'

const URLS = { ROOT_URLCONF: 'test.contrib.staticfiles.fixtures.urls' }

describe('serving of static files', () => {
  const site = new StaticSite()
  let hush: () => void
  before(() => site.open())
  after(() => site.close())
  beforeEach(() => {
    hush = captureLogs(() => {})
    site.empty()
    site.write({ 'shop/static/shop/site.css': 'body {}', 'secret.txt': 'secret', 'shop/models.ts': 'secret' })
  })
  afterEach(() => hush())

  const get = (
    path: string,
    settings: Settings = {},
    options: { serveStatic?: boolean } = {},
  ): Promise<ClientResponse> =>
    site.with({ ...URLS, ...settings }, async () => new Client(await createApplication(options)).get(path))

  it('serves a file with its type, its length and the time of its last change', async () => {
    utimesSync(site.file('shop/static/shop/site.css'), 1_700_000_000, 1_700_000_000)
    const { status, headers, text } = await get('/static/shop/site.css')
    expect([status, text]).to.deep.equal([200, 'body {}'])
    expect(headers['content-type']).to.equal('text/css')
    expect(headers['content-length']).to.equal('7')
    expect(headers['last-modified']).to.equal('Tue, 14 Nov 2023 22:13:20 GMT')
  })

  for (const [name, type, encoding] of [
    ['a.js.gz', 'text/javascript', 'gzip'],
    ['a.css.br', 'text/css', 'br'],
    ['a.tgz', 'application/x-tar', 'gzip'],
    ['a.svgz', 'image/svg+xml', 'gzip'],
    ['a.gz', 'application/octet-stream', 'gzip'],
  ] as const) {
    it(`serves ${name} as ${type} in ${encoding}, like Django`, async () => {
      site.write({ [`blog/static/${name}`]: 'abc' })
      const { headers, text } = await get(`/static/${name}`, {
        MIDDLEWARE: ['django.middleware.gzip.GZipMiddleware'],
      })
      expect([headers['content-type'], headers['content-encoding'], text]).to.deep.equal([type, encoding, 'abc'])
    })
  }

  for (const [name, type] of [
    ['a.js', 'text/javascript'],
    ['a.mjs', 'text/javascript'],
    ['a.svg', 'image/svg+xml'],
    ['a.woff2', 'font/woff2'],
    ['a.json', 'application/json'],
    ['a.unknown', 'application/octet-stream'],
  ] as const) {
    it(`serves ${name} as ${type}`, async () => {
      site.write({ [`blog/static/${name}`]: '' })
      const { headers } = await get(`/static/${name}`)
      expect([headers['content-type'], headers['content-encoding']]).to.deep.equal([type, undefined])
    })
  }

  it('returns 304 to a client that has the file', async () => {
    utimesSync(site.file('shop/static/shop/site.css'), 1_700_000_000, 1_700_000_000)
    await site.with(URLS, async () => {
      const client = new Client(await createApplication())
      const since = (date: string): Promise<ClientResponse> =>
        client.get('/static/shop/site.css', { headers: { 'if-modified-since': date } })
      expect((await since('Tue, 14 Nov 2023 22:13:20 GMT')).status).to.equal(304)
      expect((await since('Tue, 14 Nov 2023 22:13:19 GMT')).status).to.equal(200)
      expect((await client.head('/static/shop/site.css')).status).to.equal(200)
      expect((await client.post('/static/shop/site.css')).status).to.equal(405)
    })
  })

  it('finds names with spaces, percent signs and non-ASCII letters', async () => {
    site.write({ 'blog/static/é ü/100%.txt': 'found' })
    expect((await get('/static/%C3%A9%20%C3%BC/100%25.txt')).text).to.equal('found')
  })

  for (const path of [
    '/static/../secret.txt',
    '/static/..%2fmodels.ts',
    '/static/..%2f..%2fsecret.txt',
    '/static/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/static/shop%2f..%2f..%2fmodels.ts',
    '/static/..%5c..%5csecret.txt',
    '/static//etc/passwd',
    '/static/%2fetc/passwd',
    '/static/....//models.ts',
    '/static/shop/site.css%00.txt',
    '/static/shop',
    '/static/shop/',
    '/static/',
    '/static/shop/site.css/',
    `/static/${'x'.repeat(5000)}`,
  ]) {
    it(`returns no file for ${path.slice(0, 60)}`, async () => {
      const { status, text } = await get(path, { DEBUG: false }, { serveStatic: true })
      expect(status).to.be.oneOf([400, 404])
      expect(text).not.to.contain('secret').and.not.to.contain('root:')
    })
  }

  it('stops neither at a broken link nor at a request that is not for static files', async () => {
    symlinkSync('/nowhere/at/all', site.file('shop/static/broken.css'))
    expect((await get('/static/broken.css')).status).to.equal(404)
    expect((await get('/page/')).text).to.equal('a page')
  })

  it('names the missing file under DEBUG', async () => {
    const { status, text } = await get('/static/nope.css')
    expect(status).to.equal(404)
    expect(text).to.contain('nope.css')
  })

  it('is off without DEBUG unless it is enabled, and can be disabled', async () => {
    expect((await get('/static/shop/site.css', { DEBUG: false })).status).to.equal(404)
    expect((await get('/static/shop/site.css', { DEBUG: false }, { serveStatic: true })).status).to.equal(200)
    expect((await get('/static/shop/site.css', {}, { serveStatic: false })).status).to.equal(404)
  })

  it('runs no middleware', async () => {
    let ran = 0
    const MIDDLEWARE = [(_ctx: unknown, next: () => Promise<unknown>) => (ran++, next())]
    await get('/static/shop/site.css', { MIDDLEWARE })
    expect(ran).to.equal(0)
    await get('/page/', { MIDDLEWARE })
    expect(ran).to.equal(1)
  })

  it('supports a site under a path, and files on another host', async () => {
    const below = { FORCE_SCRIPT_NAME: '/app' }
    expect((await get('/app/static/shop/site.css', below)).status).to.equal(200)
    expect((await get('/static/shop/site.css', below)).status).to.equal(200)
    expect((await get('/static/shop/site.css', { STATIC_URL: 'https://cdn.example.com/static/' })).status).to.equal(404)
  })

  it('does not start without a STATIC_URL, or with that of the uploaded files', async () => {
    expect(await failureOf(get('/page/', { STATIC_URL: null }))).to.be.instanceOf(ImproperlyConfigured)
    const error = await failureOf(get('/page/', { STATIC_URL: '/files/', MEDIA_URL: 'files/' }))
    expect(error.message).to.contain('MEDIA_URL and STATIC_URL must have different values')
  })

  it('can be set up by URL patterns, only under DEBUG', async () => {
    const settings = { ROOT_URLCONF: 'test.contrib.staticfiles.fixtures.static_urls', MEDIA_ROOT: site.file('media') }
    site.write({ 'media/cat.txt': 'a cat' })
    expect((await get('/static/shop/site.css', settings, { serveStatic: false })).text).to.equal('body {}')
    expect((await get('/media/cat.txt', settings)).text).to.equal('a cat')
    expect((await get('/media/..%2fsecret.txt', settings)).status).to.equal(400)
  })
})
