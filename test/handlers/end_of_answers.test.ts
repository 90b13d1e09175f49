/** Whoever waits for the end of an answer is told of it once, and costs the answer and its connection no listeners. */
import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer } from 'node:http2'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { createApplication } from '#core/handlers'
import { listening } from '../http/listen.ts'
import { requireFastPaths } from '../services.ts'
import { ask } from './ask.ts'

type OnFinished = (response: ServerResponse, told: (error: Error | null) => void) => void

/** The one that Koa has. */
const onFinished = createRequire(createRequire(import.meta.url).resolve('koa'))('on-finished') as OnFinished

const HOSTS = { ALLOWED_HOSTS: ['testserver', '127.0.0.1'] }

describe('the end of an answer', () => {
  before(() => setup())

  /** Waits for the end of each answer, twice, and notes what it is told. */
  function waiting(): { readonly told: (string | null)[]; readonly middleware: Middleware } {
    const told: (string | null)[] = []
    const note = (error: Error | null): void => void told.push(error && (error as NodeJS.ErrnoException).code!)
    return {
      told,
      middleware: ({ res }, next) => {
        for (const each of [note, note]) onFinished(res, each)
        return next()
      },
    }
  }

  it('is told once to each who waits for it', async () => {
    const { told, middleware } = waiting()
    await ask({ ...HOSTS, MIDDLEWARE: [middleware] }, async () => {
      await listening(await createApplication(), async (port) => {
        for (let i = 1; i <= 2; i++) {
          expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.not.equal('')
          expect(told.splice(0)).to.deep.equal([null, null])
        }
      })
    })
  })

  it('is told over HTTP/2, too', async () => {
    const { told, middleware } = waiting()
    await ask({ ...HOSTS, MIDDLEWARE: [middleware] }, async () => {
      const answer = (await createApplication()).callback()
      const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const session = connectHttp2(`http://127.0.0.1:${port}`)
      const stream = session.request({ ':path': '/' }).resume()
      await once(stream, 'end')
      session.close()
      await promisify(server.close.bind(server))()
      expect(told).to.deep.equal([null, null])
    })
  })

  it('is told to those who ask within the test client, too', async () => {
    const { told, middleware } = waiting()
    await ask({ MIDDLEWARE: [middleware] }, async (client) => {
      await client.get('/')
      expect(told).to.deep.equal([null, null])
    })
  })

  it('is told to those of an application and to those of another that answers for it', async () => {
    const [outer, inner] = [waiting(), waiting()]
    await ask({ ...HOSTS, MIDDLEWARE: [inner.middleware] }, async () => {
      const answer = (await createApplication()).callback()
      const hand: Middleware = async (ctx) => {
        ctx.respond = false
        await answer(ctx.req, ctx.res)
      }
      await overrideSettings({ MIDDLEWARE: [outer.middleware, hand] }, async () => {
        await listening(await createApplication(), (port) => fetch(`http://127.0.0.1:${port}/`))
      })
      expect([outer.told, inner.told]).to.deep.equal([
        [null, null],
        [null, null],
      ])
    })
  })

  it('that a broken connection brings is told with what broke it, to the application as well', async () => {
    const { told, middleware } = waiting()
    const request = new EventEmitter()
    const waits: Middleware = async ({ res }) => {
      request.emit('entered')
      await once(res, 'close')
      request.emit('closed')
    }
    await ask({ ...HOSTS, MIDDLEWARE: [middleware, waits] }, async () => {
      const app = await createApplication()
      const heard: unknown[] = []
      app.on('error', (error: NodeJS.ErrnoException) => heard.push(error.code))
      await listening(app, async (port) => {
        const client = connect(port, '127.0.0.1')
        client.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
        await once(request, 'entered')
        client.resetAndDestroy()
        await once(request, 'closed')
      })
      expect(told).to.deep.equal(['ECONNRESET', 'ECONNRESET'])
      expect(heard).to.deep.equal(['ECONNRESET'])
    })
  })

  for (const [when, path] of [
    ['a complete answer', '/'],
    ['a broken connection', '/broken'],
  ] as const) {
    it(`does not end the process where a listener throws, after ${when}`, async () => {
      const failure = new Error('of the listener')
      const throwing: Middleware = async ({ res, path: asked }, next) => {
        onFinished(res, () => {
          throw failure
        })
        if (asked === '/broken') res.socket?.destroy()
        else await next()
      }
      let logged: unknown[] = []
      const uncaught: unknown[] = []
      const catching = (error: unknown): void => void uncaught.push(error)
      // Mocha's own listeners would make the test fail before the log is looked at.
      const listeners = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException').on('uncaughtException', catching)
      try {
        await ask({ ...HOSTS, MIDDLEWARE: [throwing] }, async (_, logs) => {
          await listening(await createApplication(), async (port) => {
            await fetch(`http://127.0.0.1:${port}${path}`).then(
              (response) => response.text(),
              () => undefined,
            )
            await nextTurn()
          })
          logged = logs.filter(({ level }) => level === 'error').flatMap(({ message, error }) => [message, error])
        })
      } finally {
        process.removeAllListeners('uncaughtException')
        for (const each of listeners) process.on('uncaughtException', each)
      }
      expect(uncaught).to.deep.equal([])
      expect(logged).to.deep.equal(['A listener for the end of a response failed', failure])
    })
  }

  it('is told to the others where a listener throws', async function () {
    requireFastPaths(this)
    const { told, middleware } = waiting()
    const throwing: Middleware = ({ res }, next) => {
      onFinished(res, () => {
        throw new Error('of the listener')
      })
      return next()
    }
    await ask({ MIDDLEWARE: [throwing, middleware] }, (client) => client.get('/'))
    expect(told).to.deep.equal([null, null])
  })

  it('is waited for by one listener of the answer, and none of its connection', async function () {
    requireFastPaths(this)
    const { middleware } = waiting()
    const listeners: Record<string, number> = {}
    const counts: Middleware = ({ res }, next) => {
      const { socket } = res
      for (const event of ['end', 'finish', 'close']) listeners[event] = res.listenerCount(event)
      listeners.error = socket?.listenerCount('error') ?? 0
      return next()
    }
    await ask({ ...HOSTS, MIDDLEWARE: [middleware, counts] }, async () => {
      await listening(await createApplication(), (port) => fetch(`http://127.0.0.1:${port}/`))
    })
    // Node listens for the finish itself, and for errors of the connection.
    expect(listeners).to.deep.equal({ end: 0, finish: 1, close: 1, error: 1 })
  })
})
