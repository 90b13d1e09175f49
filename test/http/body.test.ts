/** Bodies are read once, within the limits, and parsed if they are forms. */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { HttpResponse, JsonResponse } from '#core/http'
import { Client, RequestFactory } from '#core/test'
import { listening } from './listen.ts'
import { appOf } from './serve.ts'

const requests = new RequestFactory()
const client = new Client(appOf((request) => new JsonResponse([...request.POST])))

/** A body parser as found on npm. */
const jsonParser: Middleware = async (ctx, next) => {
  const chunks: Buffer[] = []
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer)
  const rawBody = Buffer.concat(chunks).toString()
  Object.assign(ctx.request, { rawBody, body: Object.fromEntries(new URLSearchParams(rawBody)) })
  await next()
}

describe('the body of a request', () => {
  before(() => setup())

  it('is in POST for a urlencoded form', async () => {
    const response = await client.post('/', { data: { a: ['1', '2'], b: 'ü &' } })
    expect(response.json()).to.deep.equal([
      ['a', '1'],
      ['a', '2'],
      ['b', 'ü &'],
    ])
  })

  it('is not in POST for a form with another method', async () => {
    const request = await requests.put('/', { data: { a: '1' } })
    expect(request.POST.size).to.equal(0)
    expect(request.body.toString()).to.equal('a=1')
  })

  it('is not in POST for another content type', async () => {
    const request = await requests.post('/', { data: 'a=1' })
    expect(request.POST.size).to.equal(0)
    expect(request.body.toString()).to.equal('a=1')
  })

  it('is parsed as JSON on demand', async () => {
    const request = await requests.post('/', { json: { a: [1, 'ü'] } })
    expect(request.json<{ a: unknown[] }>().a).to.deep.equal([1, 'ü'])
  })

  it('causes a BadRequest if it is invalid JSON', async () => {
    const request = await requests.post('/', { data: '{"a":', contentType: 'application/json' })
    expect(() => request.json())
      .to.throw('not JSON')
      .with.property('name', 'BadRequest')
  })

  it('is empty if there is none', async () => {
    const request = await requests.post('/')
    expect(request.body).to.have.length(0)
    expect(request.POST.size).to.equal(0)
    expect(request.FILES.size).to.equal(0)
  })

  it('is refused as a form if it is not UTF-8', async () => {
    const bytes = Buffer.from([0x61, 0x3d, 0xff])
    const contentType = 'application/x-www-form-urlencoded'
    expect((await client.post('/', { data: bytes, contentType })).text).to.equal('BadRequest')
    const latin1 = await client.post('/', { data: 'a=1', contentType: `${contentType}; charset=latin1` })
    expect(latin1.text).to.equal('BadRequest')
  })

  it('is refused above DATA_UPLOAD_MAX_MEMORY_SIZE, and accepted at exactly that size', async () => {
    await overrideSettings({ DATA_UPLOAD_MAX_MEMORY_SIZE: 5 }, async () => {
      expect((await client.post('/', { data: { a: '123' } })).json()).to.deep.equal([['a', '123']])
      expect((await client.post('/', { data: { a: '1234' } })).text).to.equal('RequestDataTooBig')
    })
    await overrideSettings({ DATA_UPLOAD_MAX_MEMORY_SIZE: null }, async () => {
      const data = { a: 'x'.repeat(3_000_000) }
      expect((await client.post('/', { data })).status).to.equal(200)
    })
  })

  it('is refused with more fields than DATA_UPLOAD_MAX_NUMBER_FIELDS', async () => {
    await overrideSettings({ DATA_UPLOAD_MAX_NUMBER_FIELDS: 2 }, async () => {
      expect((await client.post('/', { data: { a: '1', b: '2' } })).status).to.equal(200)
      expect((await client.post('/', { data: { a: '1', b: '2', c: '3' } })).text).to.equal('TooManyFieldsSent')
    })
  })

  it('is left alone if another middleware has parsed it', async () => {
    const parsed = new Client(appOf((request) => new JsonResponse([request.body, [...request.POST]]), jsonParser))
    expect((await parsed.post('/', { data: { a: '1' } })).json()).to.deep.equal([{ a: '1' }, [['a', '1']]])
  })

  it('causes an error with instructions if nothing has read it', async () => {
    const app = appOf(
      () => new HttpResponse(),
      ({ request, response }) => {
        try {
          response.body = request.POST.toString()
        } catch (error) {
          response.body = (error as Error).message
        }
      },
    )
    expect((await new Client(app).post('/', { data: { a: '1' } })).text).to.contain('`await request.read()`')
  })

  it('is read once, however often it is used', async () => {
    const app = appOf(async (request) => {
      await Promise.all([request.read(), request.read()])
      return new HttpResponse(request.POST.get('a') ?? '')
    })
    expect((await new Client(app).post('/', { data: { a: '1' } })).text).to.equal('1')
  })

  it('above the limit gets its response while the client is still sending', async () => {
    const response = await listening(
      appOf(() => new HttpResponse()),
      (port) =>
        new Promise<string>((resolve, reject) => {
          const req = httpRequest({ port, method: 'POST', headers: { 'content-type': 'text/plain' } }, (response) => {
            response.on('data', (chunk: Buffer) => resolve(chunk.toString()))
          })
          req.on('error', reject)
          // Data that is sent after the response arrives at a closed connection.
          req.on('socket', (socket) => socket.on('error', () => {}))
          for (let i = 0; i < 80; i++) req.write(Buffer.alloc(100_000))
          req.end()
        }),
    )
    expect(response).to.equal('RequestDataTooBig')
  })

  it('that the client aborts neither hangs nor crashes the server', async () => {
    let failed: (name: string) => void = () => {}
    const failure = new Promise<string>((resolve) => (failed = resolve))
    const app = appOf(
      () => new HttpResponse(),
      async ({ request }) => {
        await request.read().catch((error: Error) => failed(error.name))
      },
    )
    await listening(app, async (port) => {
      const socket = connect(port, '127.0.0.1')
      socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc', () => socket.destroy())
      expect(await failure).to.equal('UnreadablePostError')
    })
  })
})
