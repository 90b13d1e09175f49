/** Files are served only from their directory: no hidden file, no link that leads out, nothing but files. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { HttpResponse, StreamingHttpResponse } from '#core/http'
import { Client, overrideSettings, RequestFactory } from '#core/test'
import { captureLogs } from '#core/utils'
import { serveStatic } from '#core/views'

const FILES: Readonly<Record<string, string>> = {
  'outside/secret.txt': 'secret',
  'outside/deep/secret.txt': 'secret',
  'public-secret/secret.txt': 'secret',
  'public/page.txt': 'public',
  'public/sub/page.txt': 'public',
  'public/sub/a.b.c.txt': 'public',
  'public/.well-known/security.txt': 'public',
  'public/.env': 'secret',
  'public/.git/config': 'secret',
  'public/sub/.htpasswd': 'secret',
  'public/sub/.hidden/deep/page.txt': 'secret',
  'public/.well-known/.env': 'secret',
  'public/sub/.well-known/x.txt': 'secret',
  'public/.well-knownx/x.txt': 'secret',
}

/** Links, by path, with their targets. */
const LINKS: Readonly<Record<string, string>> = {
  'public/inside.txt': 'sub/page.txt',
  'public/folder': 'sub',
  'public/chain.txt': 'inside.txt',
  'public/out.txt': '../outside/secret.txt',
  'public/out': '../outside',
  'public/sub/out': '../../outside/deep',
  'public/out-chain.txt': 'out.txt',
  'public/beside': '../public-secret',
  'public/root': '/',
  'public/env.txt': '.env',
  'public/git': '.git',
  'public/env-chain.txt': 'env.txt',
  'public/loop': 'loop',
  'public/nowhere.txt': 'nothing',
  'linked-root': 'public',
}

const SERVED: readonly string[] = [
  'page.txt',
  '/page.txt',
  'sub/page.txt',
  'sub/../page.txt',
  './page.txt',
  'sub/a.b.c.txt',
  'inside.txt',
  'folder/page.txt',
  'chain.txt',
  '.well-known/security.txt',
  '/.well-known/security.txt',
]

const REFUSED: readonly string[] = [
  'env.txt',
  'env-chain.txt',
  'git/config',
  '.env',
  '/.env',
  './.env',
  '//.env',
  'sub/../.env',
  '.env/',
  '.git/config',
  '.git',
  '.git/',
  'sub/.htpasswd',
  'folder/.htpasswd',
  'sub/.hidden/deep/page.txt',
  'sub/.hidden/../.hidden/deep/page.txt',
  '.well-known/.env',
  '.well-known/../.env',
  'sub/.well-known/x.txt',
  '.well-knownx/x.txt',
  'out.txt',
  'out/secret.txt',
  'out/deep/secret.txt',
  'sub/out/secret.txt',
  'folder/out/secret.txt',
  'out-chain.txt',
  'beside/secret.txt',
  'root/etc/passwd',
  'loop',
  'nowhere.txt',
  '../outside/secret.txt',
  '../public-secret/secret.txt',
  'sub/../../outside/secret.txt',
  '..',
  '../',
  '',
  '/',
  'sub',
  'page.txt/',
  'page.txt/x',
  'page.txt.',
  'page.txt\0',
  '.env\0',
  '..\\outside\\secret.txt',
  'sub\\page.txt',
  'sub\\.htpasswd',
  'fifo',
  'x'.repeat(5000),
  'sub/'.repeat(2000),
]

describe('a directory of files', () => {
  const requests = new RequestFactory()
  let place = ''
  let stop: () => void

  before(async () => {
    await setup()
    place = mkdtempSync(path.join(tmpdir(), 'static-files-'))
    for (const [file, content] of Object.entries(FILES)) {
      mkdirSync(path.join(place, path.dirname(file)), { recursive: true })
      writeFileSync(path.join(place, file), content)
    }
    for (const [link, target] of Object.entries(LINKS)) symlinkSync(target, path.join(place, link))
    execFileSync('mkfifo', [path.join(place, 'public/fifo')])
  })
  after(() => rmSync(place, { recursive: true }))
  beforeEach(() => (stop = captureLogs(() => {})))
  afterEach(() => stop())

  const serve = async (file: string, root = 'public', showIndexes = false) =>
    serveStatic(await requests.get('/'), { path: file, documentRoot: path.join(place, root), showIndexes })

  const content = async (file: string, root?: string): Promise<string> =>
    text(((await serve(file, root)) as StreamingHttpResponse).stream)

  const refusal = (file: string, showIndexes = false): Promise<string> =>
    serve(file, 'public', showIndexes).then(
      () => 'served',
      (error: Error) => error.name,
    )

  for (const file of SERVED) {
    it(`serves ${file}, from the directory and from a link to it`, async () => {
      for (const root of ['public', 'linked-root', 'public/sub/..'])
        expect(await content(file, root)).to.equal('public')
    })
  }

  for (const file of REFUSED) {
    it(`does not serve ${JSON.stringify(file.slice(0, 50))}`, async () => {
      expect(await refusal(file)).to.be.oneOf(['Http404', 'SuspiciousOperation'])
    })
  }

  it('serves nothing if the directory does not exist', async () => {
    for (const root of ['nothing', 'public/page.txt', 'public/nowhere.txt']) {
      const name = await serve('page.txt', root).catch((error: Error) => error.name)
      expect(name).to.equal('Http404')
    }
  })

  it('uses the name of a link for its target', async () => {
    const response = await serve('inside.txt')
    expect(response.headers.get('Content-Disposition')).to.equal('inline; filename="inside.txt"')
    expect(response.headers.get('Content-Type')).to.equal('text/plain')
  })

  it('lists no hidden files, and no directory behind a link that leads out', async () => {
    const page = ((await serve('', 'public', true)) as HttpResponse).text
    expect(page)
      .to.contain('page.txt')
      .and.not.match(/\.env|\.git|well-known/)
    expect(((await serve('sub/', 'public', true)) as HttpResponse).text).not.to.match(/htpasswd|hidden/)
    for (const folder of ['.git/', 'out/', 'sub/out/', 'root/etc/', 'beside/', 'sub/.hidden/']) {
      expect(await refusal(folder, true), folder).to.equal('Http404')
    }
  })

  it('is served by URL patterns in the same way, with any spelling of the URL', async () => {
    const settings = { ROOT_URLCONF: 'test.security.static_site', MEDIA_ROOT: path.join(place, 'public') }
    await overrideSettings(settings, async () => {
      const client = new Client()
      expect((await client.get('/media/page.txt')).text).to.equal('public')
      expect((await client.get('/media/folder/page.txt')).text).to.equal('public')
      for (const url of ['.env', '%2eenv', '%2Eenv', '.%65nv', 'sub%2f.htpasswd', 'sub/%2e%2e/.env', '.git%2Fconfig']) {
        const response = await client.get(`/media/${url}`)
        expect(response.status, url).to.be.oneOf([400, 404])
      }
      expect((await client.get('/media/out.txt')).status).to.equal(404)
    })
  })

  it('of static files is served by the finders in the same way', async () => {
    const settings = {
      ROOT_URLCONF: 'test.security.static_site',
      INSTALLED_APPS: ['core.contrib.staticfiles'],
      STATICFILES_DIRS: [path.join(place, 'linked-root'), ['other', path.join(place, 'public/sub')] as const],
      STATIC_URL: '/static/',
    }
    await overrideSettings(settings, async () => {
      const client = new Client()
      for (const url of ['page.txt', 'folder/page.txt', 'inside.txt', 'other/page.txt']) {
        expect((await client.get(`/static/${url}`)).text, url).to.equal('public')
      }
      for (const url of [
        '.env',
        'sub/.htpasswd',
        'out.txt',
        'out/secret.txt',
        'folder/out/secret.txt',
        'other/out/secret.txt',
        'other/.htpasswd',
        'root/etc/passwd',
        'fifo',
      ]) {
        expect((await client.get(`/static/${url}`)).status, url).to.equal(404)
      }
    })
  })
})
