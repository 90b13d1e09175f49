/** GZipMiddleware: what is compressed for which client, correctness, and hidden lengths. */
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliDecompressSync, constants, createGunzip, gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { createApplication } from '#core/handlers'
import { applyResponse, HttpResponse, StreamingHttpResponse } from '#core/http'
import type { ClientResponse } from '#core/test'
import { compressionFor } from '../../core/middleware/gzip.ts'
import { withSite } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.gzip.GZipMiddleware']

const get = (path: string, accept?: string, settings: Settings = {}): Promise<ClientResponse> =>
  withSite({ MIDDLEWARE, ...settings }, (client) =>
    client.get(path, { headers: accept === undefined ? {} : { 'accept-encoding': accept } }),
  )

const encoding = async (path: string, accept?: string, settings: Settings = {}): Promise<unknown> =>
  (await get(path, accept, settings)).headers['content-encoding']

const body = (length: number): string => `/made/?body=${'a'.repeat(length)}`

describe('GZipMiddleware', () => {
  before(() => setup())

  it('compresses for clients that accept it, and always sends Vary', async () => {
    const plain = await get('/made/')
    expect([plain.headers['content-encoding'], plain.headers.vary]).to.deep.equal([undefined, 'Accept-Encoding'])
    const { headers, body } = await get('/made/', 'gzip, deflate, br')
    expect(headers).to.include({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
    expect(headers['content-length']).to.equal(String(body.length))
    expect(headers['content-type']).to.equal(plain.headers['content-type'])
    expect(gunzipSync(body).toString()).to.equal(plain.text)
    expect(body.length).to.be.below(plain.body.length / 4)
  })

  it('leaves alone short, compressed and partial responses, and those that would grow', async () => {
    expect(await encoding(body(199), 'gzip')).to.equal(undefined)
    expect((await get(body(199), 'gzip')).headers.vary).to.equal(undefined)
    expect(await encoding(body(200), 'gzip')).to.equal('gzip')
    expect(await encoding('/made/?content-encoding=identity', 'gzip')).to.equal('identity')
    expect(await encoding('/made/?content-range=bytes%200-1/2&status=206', 'gzip')).to.equal(undefined)
    const random: Middleware = ({ response }) => applyResponse(new HttpResponse(randomBytes(500)), response)
    expect(await encoding('/', 'gzip', { MIDDLEWARE: [...MIDDLEWARE, random] })).to.equal(undefined)
  })

  it('parses Accept-Encoding', async () => {
    const wishes = {
      'gzip;q=0': undefined,
      'GZIP;Q=0.5': 'gzip',
      'x-gzipped': undefined,
      'br, gzip;q=0.1': 'gzip',
      '': undefined,
    }
    for (const [accept, expected] of Object.entries(wishes)) {
      expect([accept, await encoding('/made/', accept)]).to.deep.equal([accept, expected])
    }
  })

  it('reads Accept-Encoding as Django and RFC 9110 do', () => {
    const chosen = (header: string, withBrotli = true): string | undefined => compressionFor(header, withBrotli)?.name
    for (const [header, expected, withoutBrotli] of [
      ['gzip, deflate, br, zstd', 'br', 'gzip'],
      ['br;q=0.5, gzip;q=0.5', 'br', 'gzip'],
      ['br;q=0.4, gzip;q=0.5', 'gzip', 'gzip'],
      ['gzip;q=0.001', 'gzip', 'gzip'],
      [' gzip ; q=0.8 , br ; q=0.9 ', 'br', 'gzip'],
      ['GZip, BR;Q=0', 'gzip', 'gzip'],
      ['identity, gzip;q=0.1', 'gzip', 'gzip'],
      ['gzip;q=0, br;q=0', undefined, undefined],
      ['gzip;q=x', undefined, undefined],
      ['gzip;q=', undefined, undefined],
      ['*', undefined, undefined],
      ['*, identity;q=0', undefined, undefined],
      ['brotli, x-gzip, gzipped', undefined, undefined],
      [',,;,', undefined, undefined],
      ['', undefined, undefined],
    ] as const) {
      expect([header, chosen(header), chosen(header, false)]).to.deep.equal([header, expected, withoutBrotli])
    }
  })

  it('parses a header of 60,000 characters correctly', async () => {
    for (const repeated of [',', 'gzip,', 'br;q=0,', 'a;b="', '"', ';', ' ', 'gzip;', '*,', 'gzip;q=0.5;']) {
      const header = repeated.repeat(60_000 / repeated.length)
      expect((await get('/made/', header)).status, repeated).to.equal(200)
      expect((await get('/made/', header, { GZIP_BROTLI: true })).status, repeated).to.equal(200)
    }
    expect(await encoding('/made/', `${'a,'.repeat(30_000)}gzip`)).to.equal('gzip')
  })

  it('makes a strong ETag weak, and leaves a weak one', async () => {
    expect((await get('/made/?etag="x"', 'gzip')).headers.etag).to.equal('W/"x"')
    expect((await get('/made/?etag=W/"x"', 'gzip')).headers.etag).to.equal('W/"x"')
    expect((await get('/made/?etag="x"')).headers.etag).to.equal('"x"')
  })

  for (const [accept, settings] of [
    ['gzip', {}],
    ['br', { GZIP_BROTLI: true }],
  ] as const) {
    it(`hides the length of the content, in ${accept}`, async () => {
      const lengths = await withSite({ MIDDLEWARE, ...settings }, async (client) => {
        const found = new Set<number>()
        for (let i = 0; i < 30; i++) {
          const { body } = await client.get('/made/', { headers: { 'accept-encoding': accept } })
          found.add(body.length)
        }
        return found
      })
      // A hundred draws hardly ever give fewer than ten different values out of thirty.
      expect(lengths.size).to.be.above(10)
      expect(Math.max(...lengths) - Math.min(...lengths)).to.be.below(103)
    })
  }

  it('sends Brotli with GZIP_BROTLI, if the client accepts it as much', async () => {
    const GZIP_BROTLI = true
    const plain = await get('/made/')
    // Enough repetitions for every length of the padding, including zero.
    await withSite({ MIDDLEWARE, GZIP_BROTLI }, async (client) => {
      for (let i = 0; i < 300; i++) {
        const { headers, body } = await client.get('/made/', { headers: { 'accept-encoding': 'gzip, br' } })
        expect(headers['content-encoding']).to.equal('br')
        expect(brotliDecompressSync(body).toString()).to.equal(plain.text)
      }
    })
    expect(await encoding('/made/', 'gzip, br;q=0.5', { GZIP_BROTLI })).to.equal('gzip')
    expect(await encoding('/made/', 'gzip', { GZIP_BROTLI })).to.equal('gzip')
    expect(await encoding('/made/', 'br;q=0, gzip', { GZIP_BROTLI })).to.equal('gzip')
  })

  it('compresses streams', async () => {
    const plain = await get('/stream/')
    const gzipped = await get('/stream/', 'gzip')
    expect(gunzipSync(gzipped.body).toString()).to.equal(plain.text)
    expect(gzipped.headers).to.not.have.property('content-length')
    const brotli = await get('/stream/', 'br', { GZIP_BROTLI: true })
    expect([brotli.headers['content-encoding'], brotliDecompressSync(brotli.body).toString()]).to.deep.equal([
      'br',
      plain.text,
    ])
  })

  it('sends each chunk of a stream immediately', () => {
    let goOn = (): void => {}
    const next = new Promise<void>((resolve) => {
      goOn = resolve
    })
    async function* pieces(): AsyncGenerator<string> {
      yield 'first'
      await next
      yield ' second'
    }
    const stream: Middleware = ({ response }) => applyResponse(new StreamingHttpResponse(pieces()), response)
    return withSite({ MIDDLEWARE: [...MIDDLEWARE, stream], ALLOWED_HOSTS: ['127.0.0.1'] }, async () => {
      const handle = (await createApplication()).callback()
      const server = http.createServer((req, res) => void handle(req, res))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const text = await new Promise<string>((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, headers: { 'accept-encoding': 'gzip' } }, (res) => {
          let text = ''
          res
            .pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }))
            .on('data', (piece: Buffer) => {
              text += piece.toString()
              // The second chunk is created only now, so the first has come separately.
              if (text === 'first') goOn()
            })
            .on('end', () => resolve(text))
            .on('error', reject)
        })
      })
      expect(text).to.equal('first second')
      await new Promise((resolve) => server.close(resolve))
    })
  })

  it('aborts when the source of a stream fails', () =>
    withSite({ MIDDLEWARE, ALLOWED_HOSTS: ['127.0.0.1'] }, async (_client, logs) => {
      const app = await createApplication()
      const handle = app.callback()
      const server = http.createServer((req, res) => void handle(req, res))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const failed = await new Promise<boolean>((resolve) => {
        const headers = { 'accept-encoding': 'gzip' }
        http
          .get({ host: '127.0.0.1', port, path: '/broken-stream/', headers }, (res) => {
            res.on('error', () => resolve(true)).on('end', () => resolve(false))
            res.resume()
          })
          .on('error', () => resolve(true))
      })
      expect(failed).to.equal(true)
      expect(String(logs[0]?.error)).to.contain('The source failed.')
      await new Promise((resolve) => server.close(resolve))
    }))
})
