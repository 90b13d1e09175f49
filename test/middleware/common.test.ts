/** CommonMiddleware refuses disallowed user agents, and completes URLs within the same host. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { withSite } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.common.CommonMiddleware']

const statusAndLocation = (path: string, settings: Settings = {}, headers = {}): Promise<[number, unknown]> =>
  withSite({ MIDDLEWARE, ...settings }, async (client) => {
    const { status, headers: got } = await client.get(path, { headers })
    return [status, got.location]
  })

describe('CommonMiddleware', () => {
  before(() => setup())

  it('appends a slash if that leads to a page', async () => {
    expect(await statusAndLocation('/with')).to.deep.equal([301, '/with/'])
    expect(await statusAndLocation('/with?a=1&a=2')).to.deep.equal([301, '/with/?a=1&a=2'])
    expect(await statusAndLocation('/catalog/7')).to.deep.equal([301, '/catalog/7/'])
    expect(await statusAndLocation('/nowhere')).to.deep.equal([404, undefined])
    expect(await statusAndLocation('/nowhere/')).to.deep.equal([404, undefined])
    expect(await statusAndLocation('/without')).to.deep.equal([200, undefined])
    expect(await statusAndLocation('/with', { APPEND_SLASH: false })).to.deep.equal([404, undefined])
    expect(await statusAndLocation('/no-slash')).to.deep.equal([404, undefined])
  })

  it('leaves a page alone that returns a 404 itself', async () => {
    expect(await statusAndLocation('/either')).to.deep.equal([404, undefined])
    expect(await statusAndLocation('/made/?status=404')).to.deep.equal([404, undefined])
  })

  it('does not redirect to another host for a URL with two slashes', () =>
    withSite({ MIDDLEWARE, ROOT_URLCONF: 'test.middleware.site.catch_all' }, async (client) => {
      const { status, headers } = await client.get('//evil.test/path')
      expect([status, headers.location]).to.deep.equal([301, '/%2Fevil.test/path/'])
    }))

  it('prepends www, and a slash in the same redirect', async () => {
    const settings = { PREPEND_WWW: true, ALLOWED_HOSTS: ['.example.com'] }
    const host = 'example.com:8000'
    expect(await statusAndLocation('/with/?a=1', settings, { host })).to.deep.equal([
      301,
      'http://www.example.com:8000/with/?a=1',
    ])
    expect(await statusAndLocation('/with', settings, { host })).to.deep.equal([
      301,
      'http://www.example.com:8000/with/',
    ])
    expect(await statusAndLocation('/with/', settings, { host: 'www.example.com' })).to.deep.equal([200, undefined])
    expect((await statusAndLocation('/with/', settings, { host: 'evil.test' }))[0]).to.equal(400)
  })

  it('leaves nothing of the response that it replaces', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      const { text, headers } = await client.get('/with')
      expect([text, headers['content-length']]).to.deep.equal(['', '0'])
    }))

  it('refuses disallowed user agents', async () => {
    const DISALLOWED_USER_AGENTS = [/^Bad/g, 'Worse$']
    for (const agent of ['BadBot/1', 'BadBot/1', 'Even Worse']) {
      expect((await statusAndLocation('/with/', { DISALLOWED_USER_AGENTS }, { 'user-agent': agent }))[0]).to.equal(403)
    }
    expect((await statusAndLocation('/with/', { DISALLOWED_USER_AGENTS }, { 'user-agent': 'Good' }))[0]).to.equal(200)
  })

  it('fails under DEBUG instead of losing a form in a redirect', () =>
    withSite({ MIDDLEWARE, DEBUG: true }, async (client, logs) => {
      expect((await client.post('/with', { data: { a: 1 } })).status).to.equal(500)
      expect(String(logs[0]?.error)).to.match(/^RuntimeError: You called this URL via POST, .*testserver\/with\/ /)
      expect((await client.get('/with')).status).to.equal(301)
    }))
})
