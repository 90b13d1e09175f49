/** Malformed requests get a 400, and the process stays up. */
import { connect } from 'node:net'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { createApplication } from '#core/handlers'
import { listening } from '../http/listen.ts'
import { withSite } from './with_site.ts'

describe('bad input', () => {
  before(() => setup())

  it('in the Host header is refused before any middleware', () =>
    withSite({}, async (client, logs) => {
      for (const host of ['evil.example', 'a b', 'testserver:x', '']) {
        expect((await client.get('/', { headers: { host } })).status, host).to.equal(400)
      }
      expect(logs[0]).to.include({ logger: 'django.security.DisallowedHost', level: 'error' })
    }))

  it('in the path, as a broken percent-escape, is refused', () =>
    withSite({}, async (client) => {
      for (const path of ['/%zz/', '/%', '/%C3/', '/%E0%A4%A']) {
        expect((await client.get(path)).status, path).to.equal(400)
      }
    }))

  it('in the query string does no harm', () =>
    withSite({}, async (client) => {
      expect((await client.get('/?%zz=%&&=&a=%C3')).status).to.equal(200)
    }))

  it('in the body is refused', () =>
    withSite({ DATA_UPLOAD_MAX_MEMORY_SIZE: 20, DATA_UPLOAD_MAX_NUMBER_FIELDS: 3 }, async (client, logs) => {
      const multipart = { data: '--X', contentType: 'multipart/form-data; boundary=X' }
      expect((await client.post('/form/', multipart)).status).to.equal(400)
      expect((await client.post('/form/', { data: { a: 'x'.repeat(50) } })).status).to.equal(400)
      expect((await client.post('/form/', { data: { a: ['1', '2', '3', '4'] } })).status).to.equal(400)
      expect((await client.post('/json/', { data: '{', contentType: 'application/json' })).status).to.equal(400)
      expect(logs.map((each) => each.logger)).to.deep.equal([
        'django.request',
        'django.security.RequestDataTooBig',
        'django.security.TooManyFieldsSent',
        'django.request',
      ])
    }))

  it('in cookies does no harm', () =>
    withSite({}, async (client) => {
      const cookie = ';;=;a;"\\;=b;__proto__=1;\u0080\u00ff=\u0081'
      expect((await client.get('/', { headers: { cookie } })).status).to.equal(200)
    }))

  it('as an oversized URL or header is refused by Node itself', () =>
    withSite({}, async () => {
      await listening(await createApplication(), async (port) => {
        const responseTo = (request: string): Promise<string> =>
          new Promise((resolve, reject) => {
            const socket = connect(port, '127.0.0.1', () => socket.write(request))
            socket.on('error', reject)
            socket.on('data', (chunk: Buffer) => {
              socket.destroy()
              resolve(chunk.toString().split('\r\n')[0] ?? '')
            })
          })
        const long = 'x'.repeat(20_000)
        expect(await responseTo(`GET / HTTP/1.1\r\nHost: testserver\r\nX: ${long}\r\n\r\n`)).to.contain(' 431 ')
        expect(await responseTo('GET / HTTP/1.1\r\n\r\n')).to.contain(' 400 ')
        expect(await responseTo('GET / HTTP/1.0\r\n\r\n')).to.contain(' 400 ')
        expect(await responseTo('GET / HTTP/1.1\r\nHost: testserver\r\n\r\n')).to.contain(' 200 ')
      })
    }))
})
