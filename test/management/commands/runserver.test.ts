/** runserver as a process: its output, its errors, its clean exit, and new code without a lost request. */
import { expect } from 'chai'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { availableParallelism, loadavg } from 'node:os'
import {
  endAll,
  type Finished,
  freePort,
  manage,
  managed,
  type Running,
  settingsText,
  TestProject,
} from '../processes.ts'

/** The site of these tests: `/` returns the version of its code, `/slow/` waits for a signal. */
const urls = (version: string): string => `import { HttpResponse } from '#core/http'
import { path } from '#core/urls'
console.log('loaded ${version}')
export const urlpatterns = [
  path('', () => new HttpResponse('${version}')),
  path('pid/', () => new HttpResponse(String(process.pid))),
  path('crash/', () => { setImmediate(() => process.exit(9)); return new HttpResponse('') }),
  path('slow/', async () => {
    console.log('slow came')
    await new Promise((resolve) => process.once('SIGUSR2', resolve))
    return new HttpResponse('slow ${version}')
  }),
]
`

interface PageResult {
  readonly status: number
  readonly text: string
  readonly headers: IncomingMessage['headers']
}

async function get(port: number, path = '/', agent: Agent | false = false): Promise<PageResult> {
  const [response] = (await once(request({ host: '127.0.0.1', port, path, agent }).end(), 'response')) as [
    IncomingMessage,
  ]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string
  return { status: response.statusCode as number, text, headers: response.headers }
}

/** Resolves when the port refuses connections. A connection is closed immediately, and may never be served. */
async function closed(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const refused = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
    })
    socket.destroy()
    if (refused) return
  }
}

describe('runserver', function () {
  this.timeout(30_000)
  let project: TestProject

  beforeEach(() => {
    project = new TestProject({ 'apps/urls.ts': urls('v1') })
  })
  afterEach(async () => {
    await endAll()
    project.remove()
  })

  const words = (...more: string[]): string[] => ['runserver', '--pythonpath', project.root, ...more]

  /** Starts it at a port that the system chooses. */
  async function serving(...more: string[]): Promise<{ running: Running; port: number }> {
    const running = manage(words('0', ...more))
    const line = await running.line(/^Starting development server/)
    await running.line(/^Quit the server/)
    return { running, port: Number(/:(\d+)\/$/.exec(line)?.[1]) }
  }

  async function stopped(running: Running, signal: NodeJS.Signals): Promise<Finished> {
    running.kill(signal)
    return running.finished
  }

  it("prints Django's lines", async () => {
    const { running, port } = await serving('--noreload')
    await get(port)
    await running.line(/GET/)
    const { code, stdout, stderr } = await stopped(running, 'SIGINT')
    expect(code).to.equal(0)
    expect(stdout.replace('loaded v1\n', '')).to.match(
      new RegExp(
        '^Performing system checks\\.\\.\\.\\n\\nSystem check identified no issues \\(0 silenced\\)\\.\\n' +
          '[A-Z][a-z]+ \\d\\d, \\d{4} - \\d\\d:\\d\\d:\\d\\d\\n' +
          "Nuages version \\d+\\.\\d+\\.\\d+\\S*, using settings 'settings'\\n" +
          `Starting development server at http://127\\.0\\.0\\.1:${port}/\\nQuit the server with CONTROL-C\\.\\n$`,
      ),
    )
    expect(stderr).to.match(/^\[\d\d\/[A-Z][a-z]{2}\/\d{4} \d\d:\d\d:\d\d\] "GET \/ HTTP\/1\.1" 200 2\n$/)
  })

  it('reports unapplied migrations', async () => {
    project.write('settings.ts', settingsText({ INSTALLED_APPS: "['apps.shop']" }))
    project.write(
      'apps/shop/migrations/0001_initial.ts',
      'export const dependencies = []\nexport async function up() {}\nexport async function down() {}\n',
    )
    const { running } = await serving('--noreload')
    expect((await stopped(running, 'SIGTERM')).stdout).to.contain(
      '\nYou have 1 unapplied migration(s). Your project may not work properly until you apply the migrations for' +
        " app(s): shop.\nRun './manage.ts migrate' to apply them.\n",
    )
  })

  it('listens at PORT of the environment', async () => {
    const port = await freePort()
    const running = manage(words('--noreload'), { env: { PORT: String(port) } })
    await running.line(new RegExp(`http://127\\.0\\.0\\.1:${port}/`))
    expect((await get(port)).text).to.equal('v1')
    expect((await stopped(running, 'SIGTERM')).code).to.equal(0)
  })

  for (const flags of [['--noreload'], []]) {
    describe(`started with ${flags.join(' ') || 'nothing more'}`, () => {
      it('reports that the port is in use', async () => {
        const other = createServer()
        await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
        const { port } = other.address() as AddressInfo
        const { code, stderr } = await managed(words(String(port), ...flags))
        other.close()
        expect(code).to.equal(1)
        expect(stderr.trimEnd().split('\n').at(-1)).to.equal('Error: That port is already in use.')
      })

      it('reports errors before the port opens, and ends with code 1', async () => {
        project.write('settings.ts', settingsText({ MIDDLEWARE: "['apps.nothing.Middleware']" }))
        const { code, stdout, stderr } = await managed(words('0', ...flags))
        expect(code).to.equal(1)
        expect(stderr).to.match(/MIDDLEWARE\[0\] .*apps\.nothing/m)
        expect(stderr).not.to.match(/^ +at /m)
        expect(stdout).not.to.contain('Starting development server')
      })

      it('finishes a request in flight when it is stopped, and closes idle connections', async () => {
        const { running, port } = await serving(...flags)
        const agent = new Agent({ keepAlive: true })
        const pid = Number((await get(port, '/pid/', agent)).text)
        const slow = get(port, '/slow/')
        await running.line(/slow came/)
        running.kill('SIGINT')
        // It stops accepting connections immediately; then the request in flight may continue.
        await closed(port)
        process.kill(pid, 'SIGUSR2')
        expect((await slow).text).to.equal('slow v1')
        const { code, stderr } = await running.finished
        agent.destroy()
        expect(code).to.equal(0)
        expect(stderr).not.to.match(/^ +at /m)
      })

      it('ends immediately at the second Ctrl-C', async () => {
        const { running, port } = await serving(...flags)
        const slow = get(port, '/slow/').catch((error: NodeJS.ErrnoException) => error.code)
        await running.line(/slow came/)
        running.kill('SIGINT')
        // The first signal was handled when the port is closed; a second one within the same keystroke does not count.
        await closed(port)
        const again = setInterval(() => running.kill('SIGINT'), 50)
        const { code } = await running.finished
        clearInterval(again)
        expect(code).to.equal(130)
        expect(await slow).to.equal('ECONNRESET')
      })
    })
  }

  it('refuses a bad port, a bad number of workers, and a public site without hosts', async () => {
    const bad = await managed(words('abc'))
    expect(bad.code).to.equal(1)
    expect(bad.stderr).to.equal('CommandError: "abc" is not a valid port number or address:port pair.\n')
    const workers = await managed(words('--workers', '0'))
    expect(workers.stderr).to.equal('CommandError: --workers should be a whole number, 1 or more, found "0".\n')
    project.write('settings.ts', settingsText({ DEBUG: 'false' }))
    const hosts = await managed(words('0', '--noreload'))
    expect(hosts.code).to.equal(1)
    expect(hosts.stderr).to.equal('CommandError: You must set settings.ALLOWED_HOSTS if DEBUG is False.\n')
  })

  it('reports an unknown or foreign host', async () => {
    const foreign = await managed(words('192.0.2.1:0', '--noreload'))
    expect(foreign).to.deep.include({ code: 1, stderr: "Error: That IP address can't be assigned to.\n" })
    const unknown = await managed(words('nowhere.invalid:0', '--noreload'))
    expect(unknown).to.deep.include({ code: 1, stderr: "Error: Name or service not known: 'nowhere.invalid'\n" })
  })

  describe('on a change of code', () => {
    /** Sends requests continuously, on keep-alive and new connections, until stopped; returns the responses. */
    function continuousRequests(port: number): { end(): Promise<string[]> } {
      const ending = new AbortController()
      const responses: string[] = []
      const loop = async (agent: Agent | false): Promise<void> => {
        while (!ending.signal.aborted) {
          const { status, text } = await get(port, '/', agent)
          responses.push(`${status} ${text}`)
        }
      }
      const agents = [new Agent({ keepAlive: true })]
      const loops = Promise.all([...agents, false as const].map(loop))
      return {
        async end() {
          ending.abort()
          await loops
          for (const agent of agents) agent.destroy()
          return responses
        },
      }
    }

    async function untilServed(port: number, text: string): Promise<void> {
      while ((await get(port)).text !== text);
    }

    it('serves the new code within a second, loses no request and finishes the one in flight', async () => {
      const { running, port } = await serving()
      const pid = Number((await get(port, '/pid/')).text)
      const slow = get(port, '/slow/')
      await running.line(/slow came/)
      const others = continuousRequests(port)
      await untilServed(port, 'v1')
      const took: number[] = []
      for (const version of ['v2', 'v3', 'v4']) {
        const saved = performance.now()
        project.write('apps/urls.ts', urls(version))
        await untilServed(port, version)
        took.push(performance.now() - saved)
      }
      process.kill(pid, 'SIGUSR2')
      expect((await slow).text).to.equal('slow v1')
      expect(new Set(await others.end())).to.deep.equal(new Set(['200 v1', '200 v2', '200 v3', '200 v4']))
      // The best of three attempts; a busy machine gets more time in proportion to its load.
      const busy = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())
      expect(Math.min(...took)).to.be.below(1000 * busy)
      const { code, stderr } = await stopped(running, 'SIGINT')
      expect(code).to.equal(0)
      expect(stderr).to.match(/^Watching for file changes with chokidar\n/)
      expect(stderr).to.match(/\/apps\/urls\.ts changed, reloading\.\n/)
    })

    it('keeps the old code while a file has an error', async () => {
      const { running, port } = await serving()
      project.write('apps/urls.ts', `${urls('v2')} }`)
      await running.line(/urls\.ts:\d+:\d+: ERROR/)
      await running.line(
        /^The change could not be loaded\. The code from before it keeps serving until the next save\.$/,
      )
      expect((await get(port)).text).to.equal('v1')
      project.write('apps/urls.ts', urls('v3'))
      await untilServed(port, 'v3')
      expect((await stopped(running, 'SIGTERM')).code).to.equal(0)
    })

    it('needs no new process for a template', async () => {
      const { running, port } = await serving()
      const { text: pid } = await get(port, '/pid/')
      project.write('templates/page.html', 'new')
      project.write('apps/urls.ts', urls('v2'))
      await untilServed(port, 'v2')
      expect((await get(port, '/pid/')).text).not.to.equal(pid)
      const { stderr } = await stopped(running, 'SIGTERM')
      expect(stderr).not.to.contain('page.html')
    })
  })

  async function twoWorkers(): Promise<{ running: Running; port: number }> {
    const server = await serving('--workers', '2', '--noreload')
    const pids = new Set<string>()
    while (pids.size < 2) pids.add((await get(server.port, '/pid/')).text)
    return server
  }

  it('serves with the given number of workers', async () => {
    const { running } = await twoWorkers()
    const { code, stdout } = await stopped(running, 'SIGTERM')
    expect(code).to.equal(0)
    expect(stdout.match(/Quit the server/g)).to.have.length(1)
  })

  it('starts a worker again that has died, while the other one serves', async () => {
    const { running, port } = await twoWorkers()
    await get(port, '/crash/').catch(() => undefined)
    await running.line(/ended with code 9\. Starting it again\./)
    await running.line(/^Quit the server/)
    expect((await get(port)).text).to.equal('v1')
  })

  it('leaves no process behind when it is killed', async () => {
    const { running, port } = await serving()
    const { text: pid } = await get(port, '/pid/')
    await stopped(running, 'SIGKILL')
    for (;;) {
      try {
        process.kill(Number(pid), 0)
      } catch {
        break
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
})
