/** What the page on deployment gives to copy works: it serves, and it stops without losing a request. */
import { connect } from 'node:net'
import { expect } from 'chai'
import { freePort, Running, settingsText, TestProject } from '../management/processes.ts'
import { blocks, page } from './markdown.ts'

const URLS = `
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { HttpResponse } from '#core/http'
import { path } from '#core/urls'

// The response is sent after the process got the signal to stop.
async function slow() {
  const stopping = once(process, 'SIGTERM')
  console.log('in hand')
  await stopping
  return new HttpResponse('finished')
}

// What keeps a process alive: a timer that is never stopped, a view longer than any limit, a connection that is no longer HTTP.
setInterval(() => {}, 1000)
async function endless() {
  console.log('begun')
  await pause(3_600_000)
  return new HttpResponse('too late')
}
async function upgrade({ req }) {
  const { server } = req.socket
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n')
    console.log('upgraded')
  })
  return new HttpResponse('ready')
}

export const urlpatterns = [path('slow', slow), path('endless', endless), path('upgrade', upgrade)]
`

/** The documented file with limits that a test can wait for. */
const withLimits = (text: string): string => text.replace('30_000', '1000').replace('35_000', '1500')

describe('the serve.ts of the page on deployment', function () {
  // This test starts a process.
  this.timeout(30_000)

  let project: TestProject
  let running: Running | undefined
  before(() => {
    const serve = blocks(page('docs/topics/deployment.md')).find(({ file }) => file === 'serve.ts')
    project = new TestProject({
      'serve.ts': serve?.text ?? '',
      'serve_briefly.ts': withLimits(serve?.text ?? ''),
      'settings.ts': settingsText({ DEBUG: 'false', ALLOWED_HOSTS: "['127.0.0.1']" }),
      'apps/urls.ts': URLS,
    })
  })
  afterEach(async () => {
    running?.kill()
    await running?.finished
  })
  after(() => project.remove())

  it('finishes requests in flight when it is stopped, and exits', async () => {
    const port = await freePort()
    const env = { PORT: String(port), NODE_ENV: 'production' }
    running = new Running(process.execPath, ['--import', 'tsx', 'serve.ts'], { cwd: project.root, env })
    await running.line(/^Serving at port/)
    const response = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text())
    await running.line(/^in hand$/)
    running.kill('SIGTERM')
    expect(await response).to.equal('finished')
    const { code, stderr } = await running.finished
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends within its limit on ${signal}, whatever keeps the process alive`, async () => {
      const port = await freePort()
      const env = { PORT: String(port), NODE_ENV: 'production' }
      running = new Running(process.execPath, ['--import', 'tsx', 'serve_briefly.ts'], { cwd: project.root, env })
      await running.line(/^Serving at port/)
      const endless = fetch(`http://127.0.0.1:${port}/endless`).catch((error: Error) => error.name)
      await running.line(/^begun$/)
      await (await fetch(`http://127.0.0.1:${port}/upgrade`)).text()
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      await running.line(/^upgraded$/)
      const begin = performance.now()
      running.kill(signal)
      const { code, stderr } = await running.finished
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
      // The limit and what closing the connections takes, on a busy machine.
      expect(performance.now() - begin).to.be.within(900, 4000)
      expect(await endless).to.equal('TypeError')
      socket.destroy()
    })
  }
})
