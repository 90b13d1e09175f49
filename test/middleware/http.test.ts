/** ConditionalGetMiddleware: unchanged content is not sent, and conditions follow the order of RFC 9110. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { ClientResponse } from '#core/test'
import { withSite, lines } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.http.ConditionalGetMiddleware']
const AT = 'Sat, 15 Jun 2024 12:00:00 GMT'
const BEFORE = 'Sat, 15 Jun 2024 11:59:59 GMT'
const ETAG = '"one"'

const get = (query: Record<string, string>, headers: Record<string, string>): Promise<ClientResponse> =>
  withSite({ MIDDLEWARE }, (client) => client.get('/made/', { query, headers }))

describe('ConditionalGetMiddleware', () => {
  before(() => setup())

  it('sends 304 without the content, with the headers that caches need', async () => {
    const query = { etag: ETAG, 'last-modified': AT, 'cache-control': 'max-age=5', 'content-language': 'en' }
    const { status, body, headers } = await get(query, { 'if-none-match': '"zero", W/"one"' })
    expect([status, body.length]).to.deep.equal([304, 0])
    expect(headers).to.include({ etag: ETAG, 'last-modified': AT, 'cache-control': 'max-age=5' })
    expect(headers).to.not.have.any.keys('content-type', 'content-length', 'content-language')
  })

  const cases: [string, Record<string, string>, Record<string, string>, number][] = [
    ['another ETag', { etag: ETAG }, { 'if-none-match': '"two"' }, 200],
    [
      'an ETag before a date',
      { etag: ETAG, 'last-modified': AT },
      { 'if-none-match': '"two"', 'if-modified-since': AT },
      200,
    ],
    ['no change since', { 'last-modified': AT }, { 'if-modified-since': AT }, 304],
    ['a change since', { 'last-modified': AT }, { 'if-modified-since': BEFORE }, 200],
    ['an invalid date', { 'last-modified': AT }, { 'if-modified-since': 'yesterday' }, 200],
    ['If-Match with another ETag', { etag: ETAG }, { 'if-match': '"two"' }, 412],
    ['If-Match of this', { etag: ETAG }, { 'if-match': '"two", "one"' }, 200],
    ['If-Match of a weak one', { etag: 'W/"one"' }, { 'if-match': 'W/"one"' }, 412],
    ['If-Match of any', { etag: ETAG }, { 'if-match': '*' }, 200],
    ['If-Unmodified-Since before the change', { 'last-modified': AT }, { 'if-unmodified-since': BEFORE }, 412],
    ['If-Unmodified-Since after it', { 'last-modified': AT }, { 'if-unmodified-since': AT }, 200],
    ['an error page', { etag: ETAG, status: '404' }, { 'if-none-match': ETAG }, 404],
  ]
  for (const [name, query, headers, status] of cases) {
    it(`returns ${status} for ${name}`, async () => {
      expect((await get(query, headers)).status).to.equal(status)
    })
  }

  it('creates no ETag for a stream, and none with no-store', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      expect((await client.get('/stream/')).headers).to.not.have.property('etag')
      expect((await client.get('/made/?cache-control=private,%20No-Store')).headers).to.not.have.property('etag')
      const { etag = '' } = (await client.get('/made/')).headers
      expect((await client.get('/made/', { headers: { 'if-none-match': String(etag) } })).status).to.equal(304)
      expect((await client.post('/made/', { headers: { 'if-none-match': String(etag) } })).status).to.equal(200)
    }))

  it('logs a failed precondition once', () =>
    withSite({ MIDDLEWARE }, async (client, logs) => {
      await client.get('/made/', { headers: { 'if-match': '"two"' } })
      expect(lines(logs)).to.deep.equal(['django.request: Precondition Failed: /made/'])
    }))
})
