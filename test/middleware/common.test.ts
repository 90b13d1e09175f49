/** CommonMiddleware: unwanted agents are turned away, and addresses are completed without leading elsewhere. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { ask } from './ask.ts'

const MIDDLEWARE = ['django.middleware.common.CommonMiddleware']

const answer = (path: string, settings: Settings = {}, headers = {}): Promise<[number, unknown]> =>
  ask({ MIDDLEWARE, ...settings }, async (client) => {
    const { status, headers: got } = await client.get(path, { headers })
    return [status, got.location]
  })

describe('CommonMiddleware', () => {
  before(() => setup())

  it('appends a slash where that leads to a page', async () => {
    expect(await answer('/with')).to.deep.equal([301, '/with/'])
    expect(await answer('/with?a=1&a=2')).to.deep.equal([301, '/with/?a=1&a=2'])
    expect(await answer('/catalog/7')).to.deep.equal([301, '/catalog/7/'])
    expect(await answer('/nowhere')).to.deep.equal([404, undefined])
    expect(await answer('/nowhere/')).to.deep.equal([404, undefined])
    expect(await answer('/without')).to.deep.equal([200, undefined])
    expect(await answer('/with', { APPEND_SLASH: false })).to.deep.equal([404, undefined])
    expect(await answer('/no-slash')).to.deep.equal([404, undefined])
  })

  it('leaves a page alone that says itself that nothing is there', async () => {
    expect(await answer('/either')).to.deep.equal([404, undefined])
    expect(await answer('/made/?status=404')).to.deep.equal([404, undefined])
  })

  it('redirects to no other host by an address with two slashes', () =>
    ask({ MIDDLEWARE, ROOT_URLCONF: 'test.middleware.site.catch_all' }, async (client) => {
      const { status, headers } = await client.get('//evil.test/path')
      expect([status, headers.location]).to.deep.equal([301, '/%2Fevil.test/path/'])
    }))

  it('prepends www, and a slash in the same step', async () => {
    const settings = { PREPEND_WWW: true, ALLOWED_HOSTS: ['.example.com'] }
    const host = 'example.com:8000'
    expect(await answer('/with/?a=1', settings, { host })).to.deep.equal([301, 'http://www.example.com:8000/with/?a=1'])
    expect(await answer('/with', settings, { host })).to.deep.equal([301, 'http://www.example.com:8000/with/'])
    expect(await answer('/with/', settings, { host: 'www.example.com' })).to.deep.equal([200, undefined])
    expect((await answer('/with/', settings, { host: 'evil.test' }))[0]).to.equal(400)
  })

  it('leaves nothing of the page that it takes the place of', () =>
    ask({ MIDDLEWARE }, async (client) => {
      const { text, headers } = await client.get('/with')
      expect([text, headers['content-length']]).to.deep.equal(['', '0'])
    }))

  it('turns unwanted user agents away', async () => {
    const DISALLOWED_USER_AGENTS = [/^Bad/g, 'Worse$']
    for (const agent of ['BadBot/1', 'BadBot/1', 'Even Worse']) {
      expect((await answer('/with/', { DISALLOWED_USER_AGENTS }, { 'user-agent': agent }))[0]).to.equal(403)
    }
    expect((await answer('/with/', { DISALLOWED_USER_AGENTS }, { 'user-agent': 'Good' }))[0]).to.equal(200)
  })

  it('fails under DEBUG rather than lose a form on the way', () =>
    ask({ MIDDLEWARE, DEBUG: true }, async (client, logs) => {
      expect((await client.post('/with', { data: { a: 1 } })).status).to.equal(500)
      expect(String(logs[0]?.error)).to.match(/^RuntimeError: You called this URL via POST, .*testserver\/with\/ /)
      expect((await client.get('/with')).status).to.equal(301)
    }))
})
