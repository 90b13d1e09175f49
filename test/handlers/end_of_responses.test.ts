/** Listeners for the end of a response are called once, and add no listeners to the response and its connection. */
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
import { withSite } from './with_site.ts'

type OnFinished = (response: ServerResponse, listener: (error: Error | null) => void) => void

/** The listener of Koa. */
const onFinished = createRequire(createRequire(import.meta.url).resolve('koa'))('on-finished') as OnFinished

const HOSTS = { ALLOWED_HOSTS: ['testserver', '127.0.0.1'] }

describe('the end of a response', () => {
  before(() => setup())

  /** Listens for the end of each response, twice, and records the calls. */
  function waiting(): { readonly reported: (string | null)[]; readonly middleware: Middleware } {
    const reported: (string | null)[] = []
    const note = (error: Error | null): void => void reported.push(error && (error as NodeJS.ErrnoException).code!)
    return {
      reported,
      middleware: ({ res }, next) => {
        for (const each of [note, note]) onFinished(res, each)
        return next()
      },
    }
  }

  it('is reported once to each listener', async () => {
    const { reported, middleware } = waiting()
    await withSite({ ...HOSTS, MIDDLEWARE: [middleware] }, async () => {
      await listening(await createApplication(), async (port) => {
        for (let i = 1; i <= 2; i++) {
          expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.not.equal('')
          expect(reported.splice(0)).to.deep.equal([null, null])
        }
      })
    })
  })

  it('is reported over HTTP/2, too', async () => {
    const { reported, middleware } = waiting()
    await withSite({ ...HOSTS, MIDDLEWARE: [middleware] }, async () => {
      const handle = (await createApplication()).callback()
      const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const session = connectHttp2(`http://127.0.0.1:${port}`)
      const stream = session.request({ ':path': '/' }).resume()
      await once(stream, 'end')
      session.close()
      await promisify(server.close.bind(server))()
      expect(reported).to.deep.equal([null, null])
    })
  })

  it('is reported within the test client, too', async () => {
    const { reported, middleware } = waiting()
    await withSite({ MIDDLEWARE: [middleware] }, async (client) => {
      await client.get('/')
      expect(reported).to.deep.equal([null, null])
    })
  })

  it('is reported to the listeners of an application and of another one that responds for it', async () => {
    const [outer, inner] = [waiting(), waiting()]
    await withSite({ ...HOSTS, MIDDLEWARE: [inner.middleware] }, async () => {
      const handle = (await createApplication()).callback()
      const hand: Middleware = async (ctx) => {
        ctx.respond = false
        await handle(ctx.req, ctx.res)
      }
      await overrideSettings({ MIDDLEWARE: [outer.middleware, hand] }, async () => {
        await listening(await createApplication(), (port) => fetch(`http://127.0.0.1:${port}/`))
      })
      expect([outer.reported, inner.reported]).to.deep.equal([
        [null, null],
        [null, null],
      ])
    })
  })

  it('by a broken connection is reported with the error, to the application as well', async () => {
    const { reported, middleware } = waiting()
    const request = new EventEmitter()
    const waits: Middleware = async ({ res }) => {
      request.emit('entered')
      await once(res, 'close')
      request.emit('closed')
    }
    await withSite({ ...HOSTS, MIDDLEWARE: [middleware, waits] }, async () => {
      const app = await createApplication()
      const errors: unknown[] = []
      app.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
      await listening(app, async (port) => {
        const client = connect(port, '127.0.0.1')
        client.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
        await once(request, 'entered')
        client.resetAndDestroy()
        await once(request, 'closed')
      })
      expect(reported).to.deep.equal(['ECONNRESET', 'ECONNRESET'])
      expect(errors).to.deep.equal(['ECONNRESET'])
    })
  })

  for (const [when, path] of [
    ['a complete response', '/'],
    ['a broken connection', '/broken'],
  ] as const) {
    it(`does not end the process when a listener throws, after ${when}`, async () => {
      const failure = new Error('of the listener')
      const throwing: Middleware = async ({ res, path: requested }, next) => {
        onFinished(res, () => {
          throw failure
        })
        if (requested === '/broken') res.socket?.destroy()
        else await next()
      }
      let logged: unknown[] = []
      const uncaught: unknown[] = []
      const catching = (error: unknown): void => void uncaught.push(error)
      // Mocha's own listeners would make the test fail before the log is checked.
      const listeners = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException').on('uncaughtException', catching)
      try {
        await withSite({ ...HOSTS, MIDDLEWARE: [throwing] }, async (_, logs) => {
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

  it('is reported to the other listeners when one throws', async function () {
    requireFastPaths(this)
    const { reported, middleware } = waiting()
    const throwing: Middleware = ({ res }, next) => {
      onFinished(res, () => {
        throw new Error('of the listener')
      })
      return next()
    }
    await withSite({ MIDDLEWARE: [throwing, middleware] }, (client) => client.get('/'))
    expect(reported).to.deep.equal([null, null])
  })

  it('uses one listener of the response, and none of its connection', async function () {
    requireFastPaths(this)
    const { middleware } = waiting()
    const listeners: Record<string, number> = {}
    const counts: Middleware = ({ res }, next) => {
      const { socket } = res
      for (const event of ['end', 'finish', 'close']) listeners[event] = res.listenerCount(event)
      listeners.error = socket?.listenerCount('error') ?? 0
      return next()
    }
    await withSite({ ...HOSTS, MIDDLEWARE: [middleware, counts] }, async () => {
      await listening(await createApplication(), (port) => fetch(`http://127.0.0.1:${port}/`))
    })
    // Node itself listens for the finish, and for errors of the connection.
    expect(listeners).to.deep.equal({ end: 0, finish: 1, close: 1, error: 1 })
  })
})
