/** Every unusual request target gets a response from 2xx to 4xx, from the server itself and through nginx. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { blocks, page } from '../docs/markdown.ts'
import { freePort, Running } from '../management/processes.ts'
import { requireService, temporaryFolder } from '../services.ts'
import { type Production, startProduction } from './production.ts'
import { head, inTurn, sendRaw } from './raw.ts'
import { UNUSUAL_TARGETS } from './targets.ts'

const NGINX = process.env.TEST_NGINX ?? '/usr/sbin/nginx'

function nginxOrReason(): { available: boolean; reason: string } {
  try {
    execFileSync(NGINX, ['-v'], { stdio: 'ignore' })
    return { available: true, reason: '' }
  } catch {
    return { available: false, reason: `${NGINX} cannot be run.` }
  }
}

/** The configuration on the deployment page, with other ports and without a certificate. */
function configuration(folder: string, listen: number, upstream: number): string {
  const documented = blocks(page('docs/topics/deployment.md')).find(({ text }) => text.includes('proxy_pass'))?.text
  const site = (documented ?? '')
    .replace(/listen 443 ssl;/, `listen 127.0.0.1:${listen};`)
    .replace(/^ *ssl_.*\n/gm, '')
    .replace('server 127.0.0.1:8001', `server 127.0.0.1:${upstream}`)
    .replace(/^ *server 127\.0\.0\.1:8002.*\n/gm, '')
    .replace('server_name example.com;', 'server_name example.com 127.0.0.1;')
    .replace('/srv/mysite/staticfiles/', `${folder}/staticfiles/`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((each) => `${each}_temp_path ${folder}/${each};`)
    .join('\n')
  return `daemon off;\nworker_processes 1;\npid ${folder}/pid;\nerror_log ${folder}/error.log;
events { worker_connections 256; }
http {\naccess_log off;\n${temporary}\n${site}\n}\n`
}

/** Starts nginx in front of a server, and returns its port. */
async function startNginx(upstream: number): Promise<{ port: number; running: Running }> {
  const folder = temporaryFolder('nginx')
  mkdirSync(path.join(folder, 'staticfiles'))
  const port = await freePort()
  writeFileSync(path.join(folder, 'nginx.conf'), configuration(folder, port, upstream))
  const args = ['-p', folder, '-e', path.join(folder, 'error.log'), '-c', path.join(folder, 'nginx.conf')]
  const running = new Running(NGINX, args)
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      await sendRaw(port, head('/'))
      return { port, running }
    } catch {
      if (running.child.exitCode !== null) break
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  running.kill()
  throw new Error(`nginx did not start: ${running.stderr}`)
}

describe('unusual request targets', function () {
  this.timeout(120_000)

  let site: Production
  before(async () => {
    site = await startProduction()
  })
  after(() => site.stop())

  /** Targets without a response from 2xx to 4xx. */
  async function failures(port: number): Promise<string[]> {
    const failed: string[] = []
    await inTurn(UNUSUAL_TARGETS, async (target) => {
      const { status } = await sendRaw(port, head(target))
      if (status < 200 || status > 499) failed.push(`${status} ${JSON.stringify(target.slice(0, 80))}`)
    })
    return failed
  }

  async function expectAlive(port: number): Promise<void> {
    const { pid, exitCode } = site.running.child
    expect(exitCode).to.equal(null)
    process.kill(pid as number, 0)
    const { status, text } = await sendRaw(port, head('/'))
    expect([status, text.endsWith('home')]).to.deep.equal([200, true])
    expect(site.running.stderr).to.not.match(/Internal Server Error|Unhandled|Uncaught|TypeError/)
  }

  it('are at least 500', () => {
    expect(new Set(UNUSUAL_TARGETS).size).to.be.at.least(500)
  })

  it('get a response from 2xx to 4xx from the server itself, which keeps running', async () => {
    expect(await failures(site.port)).to.deep.equal([])
    await expectAlive(site.port)
  })

  it('get one in absolute form with every method', async () => {
    for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'CONNECT']) {
      for (const target of ['http://a]b/', '//user@host#x', '*', '/%', 'a:80']) {
        const { status } = await sendRaw(site.port, head(target, ['Host: 127.0.0.1', 'Content-Length: 0'], method))
        expect(status, `${method} ${target}`).to.be.within(200, 499)
      }
    }
    await expectAlive(site.port)
  })

  it('log no line that could control a terminal', () => {
    // oxlint-disable-next-line no-control-regex
    expect(site.running.stderr).to.not.match(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff]/)
  })

  describe('through nginx, configured as on the deployment page', () => {
    let nginx: { port: number; running: Running }
    before(async function () {
      requireService(nginxOrReason(), this)
      nginx = await startNginx(site.port)
    })
    after(async () => {
      // The suite is skipped if nginx is missing.
      if ((nginx as typeof nginx | undefined) === undefined) return
      nginx.running.kill('SIGTERM')
      await nginx.running.finished
    })

    it('get a response from 2xx to 4xx, and the server keeps running', async () => {
      expect(await failures(nginx.port)).to.deep.equal([])
      await expectAlive(nginx.port)
    })

    it('that name another site are refused, also in absolute form', async () => {
      const refused = async (target: string, host: string): Promise<number> =>
        (await sendRaw(nginx.port, head(target, [`Host: ${host}`]))).status
      expect(await refused('http://evil.example/', '127.0.0.1')).to.equal(400)
      expect(await refused('/', 'evil.example')).to.equal(400)
      expect(await refused('http://127.0.0.1/', '127.0.0.1')).to.equal(200)
      expect((await sendRaw(nginx.port, head('/', ['Host: 127.0.0.1', 'Host: 127.0.0.1']))).status).to.equal(400)
    })
  })
})
