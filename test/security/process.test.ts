/** The process of a server survives requests, views and lost terminals. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connect } from 'node:net'
import { expect } from 'chai'
import { fastPaths } from '#core/utils'
import { freePort, MANAGE, REPOSITORY, settingsText, TestProject } from '../management/processes.ts'
import { type Production, startProduction } from './production.ts'
import { head, sendRaw } from './raw.ts'

const FAILING = `
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { HttpResponse, StreamingHttpResponse } from '#core/http'
import { path } from '#core/urls'

const after = (count, error) => new StreamingHttpResponse((async function* () {
  for (let i = 0; i < count; i++) yield 'piece'
  throw error
})())
const circle = {}
circle.circle = circle

export const urlpatterns = [
  path('', () => new HttpResponse('home')),
  path('stream/first', () => after(0, new Error('immediate'))),
  path('stream/later', () => after(3, new Error('later'))),
  path('stream/nothing', () => after(1, null)),
  path('stream/frozen', () => after(1, Object.freeze(new Error('frozen')))),
  path('stream/odd', () => after(1, Object.create(null))),
  path('stream/error', () => new StreamingHttpResponse(new Readable({ read() { this.destroy(new Error('broken')) } }))),
  path('stream/missing', () => new StreamingHttpResponse(createReadStream('/nowhere'))),
  path('stream/missing/slow', async (request) => {
    const response = new StreamingHttpResponse(createReadStream('/nowhere'))
    await new Promise((resolve) => response.stream.once('close', resolve))
    return response
  }),
  path('stream/number', () => new StreamingHttpResponse([5])),
  path('destroyed', (request) => { request.req.socket.destroy(); return new HttpResponse('too late') }),
  path('destroyed/error', (request) => { request.req.socket.destroy(); throw new Error('too late') }),
  path('ended', (request) => { request.ctx.res.end('by hand'); return new HttpResponse('too late') }),
  path('ended/error', (request) => { request.ctx.res.end('by hand'); throw new Error('too late') }),
  path('header', () => { const response = new HttpResponse(''); response.headers.set('X', 'a\\nb'); return response }),
  path('header/node', (request) => { request.ctx.res.setHeader('X', 'a\\nb'); return new HttpResponse('') }),
  path('cookie', () => new HttpResponse('').setCookie('a b', 'c')),
  path('cookie/path', () => new HttpResponse('').setCookie('a', 'c', { path: '/\\n' })),
  path('reason', (request) => { request.ctx.res.statusMessage = 'a\\nb'; throw new Error('reason') }),
  path('throws/nothing', () => { throw undefined }),
  path('throws/null', async () => { throw null }),
]

// An npm middleware that leaves a body which cannot be sent.
export function LeavesCircle() {
  return async (ctx, next) => {
    await next()
    if (ctx.get('X-Leave') === 'circle') ctx.body = circle
    if (ctx.get('X-Leave') === 'bigint') ctx.body = { n: 1n }
    if (ctx.get('X-Leave') === 'missing') ctx.body = createReadStream('/nowhere')
    if (ctx.get('X-Leave') === 'missing') await new Promise((resolve) => ctx.body.once('close', resolve))
    if (ctx.get('X-Leave') === 'status') ctx.res.statusCode = 1000
  }
}
`

describe('the process of a server', function () {
  this.timeout(60_000)

  describe('of a production start', () => {
    let site: Production
    afterEach(() => site.stop())

    const get = async (path: string): Promise<string> => {
      const { status, text } = await sendRaw(site.port, head(path))
      return `${status} ${text.split('\r\n\r\n').at(-1)}`
    }

    it('survives an unhandled rejection of a view, and logs it with the request', async () => {
      site = await startProduction()
      expect(await get('/rejects?password=x')).to.equal('200 responded')
      // Without fast paths, the response is complete before the rejection is reported at the end of the tick.
      const where = fastPaths ? ' (requests in progress: GET /rejects)' : ''
      expect(await site.running.line(/^Unhandled/)).to.equal(`Unhandled promise rejection${where}`)
      expect(await site.running.line(/nothing waits/)).to.equal('Error: nothing waits\\u009b31m\\nfor this')
      expect(await get('/rejects-later')).to.equal('200 responded')
      await site.running.line(/^Error: later/)
      expect(await get('/rejects-nothing')).to.equal('200 responded')
      for (let i = 0; i < 3; i++) await site.running.line(/^Unhandled promise rejection/)
      expect(await get('/')).to.equal('200 home')
      expect(site.running.child.exitCode).to.equal(null)
      site.running.kill('SIGTERM')
      expect((await site.running.finished).code).to.equal(0)
    })

    it('names the request under DEBUG also when its response has been sent', async () => {
      site = await startProduction({ DEBUG: 'true' })
      expect(await get('/rejects-later')).to.equal('200 responded')
      expect(await site.running.line(/^Unhandled/)).to.equal('Unhandled promise rejection in GET /rejects-later')
    })

    it('ends with code 1 after an uncaught exception, once the requests in progress have their responses', async () => {
      site = await startProduction()
      const slow = get('/slow')
      await site.running.line(/^in hand$/)
      expect(await get('/throws-later')).to.equal('200 responded')
      expect(await slow).to.equal('200 slow but sure')
      const { code, stderr } = await site.running.finished
      expect(code).to.equal(1)
      expect(stderr).to.match(/^Uncaught exception.*: the process stops\nError: out of a timer\n/m)
    })

    for (const stream of ['stderr', 'stdout'] as const) {
      it(`survives the end of the reader of its ${stream}`, async () => {
        site = await startProduction()
        const { child } = site.running
        child[stream]?.destroy()
        for (let i = 0; i < 50; i++) expect(await get(`/nowhere/${i}`)).to.match(/^404 /)
        expect(await get('/rejects')).to.equal('200 responded')
        expect(await get('/')).to.equal('200 home')
        expect(child.exitCode).to.equal(null)
        site.running.kill('SIGTERM')
        expect((await site.running.finished).code).to.equal(0)
      })
    }

    it('survives anything that a view does to its response', async () => {
      const own = "['core.middleware.common.CommonMiddleware', 'apps.urls.LeavesCircle']"
      site = await startProduction({ MIDDLEWARE: own }, { 'apps/urls.ts': FAILING })
      const statusOf = async (path: string, ...headers: string[]): Promise<number> =>
        (await sendRaw(site.port, head(path, ['Host: 127.0.0.1', ...headers]))).status
      for (const path of [
        'header',
        'header/node',
        'cookie',
        'cookie/path',
        'throws/nothing',
        'throws/null',
        'stream/missing/slow',
      ]) {
        expect(await statusOf(`/${path}`), path).to.equal(500)
      }
      for (const left of ['circle', 'bigint', 'missing'])
        expect(await statusOf('/', `X-Leave: ${left}`), left).to.equal(500)
      await statusOf('/', 'X-Leave: status')
      for (const path of ['first', 'later', 'nothing', 'frozen', 'odd', 'error', 'missing', 'number'])
        await statusOf(`/stream/${path}`)
      for (const path of ['destroyed', 'destroyed/error', 'ended', 'ended/error', 'reason']) await statusOf(`/${path}`)
      expect(await get('/')).to.equal('200 home')
      expect(site.running.child.exitCode).to.equal(null)
      expect(site.running.stderr).to.not.match(/Unhandled|Uncaught/)
    })

    it('responds to malformed requests, and survives them', async () => {
      site = await startProduction()
      const host = 'Host: 127.0.0.1'
      const close = 'Connection: close'
      const REQUESTS: readonly (readonly [lines: readonly string[], status: number])[] = [
        [['GET / HTTP/1.1'], 400],
        [['GET / HTTP/3.7', host], 400],
        [['PRI * HTTP/2.0', '', 'SM'], 400],
        [['\u0016\u0003\u0001\u0002\u0000\u0001'], 400],
        [['NONSENSE / HTTP/1.1', host], 400],
        [['get / HTTP/1.1', host], 400],
        [['CONNECT example.com:443 HTTP/1.1', host], 400],
        [['GET / HTTP/1.1', host, 'Upgrade: websocket', 'Connection: Upgrade, close'], 200],
        [
          ['GET / HTTP/1.1', host, 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings, close', 'HTTP2-Settings: x'],
          200,
        ],
        [['GET / HTTP/1.1', host, 'Expect: 100-continue', close], 100],
        [['GET / HTTP/1.1', host, 'Expect: nonsense', close], 417],
        [['POST / HTTP/1.1', host, 'Content-Length: x', close], 400],
        [['POST / HTTP/1.1', host, 'Content-Length: 1', 'Content-Length: 2', close], 400],
        [['POST / HTTP/1.1', host, 'Content-Length: 1', 'Transfer-Encoding: chunked', close], 400],
        [['POST / HTTP/1.1', host, 'Transfer-Encoding: gzip', close], 400],
        [['GET / HTTP/1.1', host, 'Header without colon', close], 400],
        [['GET / HTTP/1.1', host, 'X: a\u0000b', close], 400],
        [['GET / HTTP/1.1', host, `X: ${'x'.repeat(20_000)}`, close], 431],
        [['GET / HTTP/1.0', host], 200],
      ]
      const found: (typeof REQUESTS)[number][] = []
      for (const [lines] of REQUESTS) {
        const { status } = await sendRaw(site.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
        found.push([lines, status])
      }
      expect(found).to.deep.equal(REQUESTS)
      // A client that disconnects in the middle of its request, or before its response.
      for (const bytes of [
        'GET',
        'GET / HTTP/1.1\r\nHo',
        'POST /page/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx',
        head('/slow'),
      ]) {
        const socket = connect(site.port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.write(bytes)
        socket.resetAndDestroy()
      }
      expect(await get('/')).to.equal('200 home')
      expect(site.running.stderr).to.not.match(/Unhandled|Uncaught|Internal Server Error/)
    })
  })

  describe('of runserver', () => {
    let project: TestProject
    const children: ChildProcess[] = []
    before(() => {
      project = new TestProject({
        'settings.ts': settingsText({ DEBUG: 'true' }),
        'apps/urls.ts': `import { HttpResponse } from '#core/http'
import { path } from '#core/urls'
export const urlpatterns = [
  path('', () => new HttpResponse('home')),
  path('rejects', () => { void Promise.reject(new Error('nothing waits')); return new HttpResponse('responded') }),
]
`,
      })
    })
    after(async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      project.remove()
    })

    for (const words of [['--noreload'], []]) {
      it(`survives the end of both its readers${words.length === 0 ? ', with a supervisor' : ''}`, async () => {
        const port = await freePort()
        const child = spawn(MANAGE, ['runserver', String(port), '--pythonpath', project.root, ...words], {
          cwd: REPOSITORY,
          env: { ...process.env, NO_COLOR: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        children.push(child)
        for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('Quit the server')) break
        child.stdout.destroy()
        child.stderr.destroy()
        for (let i = 0; i < 20; i++) expect((await sendRaw(port, head('/'))).status).to.equal(200)
        expect((await sendRaw(port, head('/rejects'))).status).to.equal(200)
        expect((await sendRaw(port, head('http://a]b/'))).status).to.equal(400)
        expect((await sendRaw(port, head('/'))).status).to.equal(200)
        expect(child.exitCode).to.equal(null)
      })
    }
  })
})
