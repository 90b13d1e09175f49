/** Files of a directory are served, and no others. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { HttpResponse, HttpResponseBase, StreamingHttpResponse } from '#core/http'
import { RequestFactory } from '#core/test'
import { serveStatic } from '#core/views'

describe('serveStatic', () => {
  const requests = new RequestFactory()
  let root = ''
  const serve = async (
    file: string,
    options: { showIndexes?: boolean; since?: string } = {},
  ): Promise<HttpResponseBase> => {
    const headers = options.since === undefined ? {} : { 'If-Modified-Since': options.since }
    const request = await requests.get('/', { headers })
    return serveStatic(request, {
      path: file,
      documentRoot: path.join(root, 'media'),
      showIndexes: options.showIndexes ?? false,
    })
  }
  const read = async (file: string): Promise<string> => text(((await serve(file)) as StreamingHttpResponse).stream)
  const refusal = async (file: string): Promise<string> =>
    serve(file).then(
      () => 'served',
      (error: Error) => error.name,
    )

  before(async () => {
    await setup()
    root = mkdtempSync(path.join(tmpdir(), 'static-'))
    mkdirSync(path.join(root, 'media/css'), { recursive: true })
    mkdirSync(path.join(root, 'media-secret'))
    writeFileSync(path.join(root, 'secret.txt'), 'secret')
    writeFileSync(path.join(root, 'media-secret/x.txt'), 'secret')
    writeFileSync(path.join(root, 'media/css/a b.css'), 'body {}')
    writeFileSync(path.join(root, 'media/..dots.txt'), 'dots')
    writeFileSync(path.join(root, 'media/<i>.txt'), '')
    utimesSync(path.join(root, 'media/css/a b.css'), 1_700_000_000.7, 1_700_000_000.7)
  })
  after(() => rmSync(root, { recursive: true }))

  it('sends a file with its type, length and date', async () => {
    const response = await serve('css/a b.css')
    expect(response.status).to.equal(200)
    expect(response.headers.get('Content-Type')).to.equal('text/css')
    expect(response.headers.get('Content-Length')).to.equal('7')
    expect(response.headers.get('Last-Modified')).to.equal('Tue, 14 Nov 2023 22:13:20 GMT')
    expect(await read('css/a b.css')).to.equal('body {}')
    expect(await read('/css//../css/./a b.css')).to.equal('body {}')
    expect(await read('..dots.txt')).to.equal('dots')
  })

  it('returns 304 to a client that has the file', async () => {
    expect((await serve('css/a b.css', { since: 'Tue, 14 Nov 2023 22:13:20 GMT' })).status).to.equal(304)
    expect((await serve('css/a b.css', { since: 'Tue, 14 Nov 2023 22:13:19 GMT' })).status).to.equal(200)
    expect((await serve('css/a b.css', { since: 'some day' })).status).to.equal(200)
  })

  it('refuses every path that leads out of the directory', async () => {
    const ways = ['../secret.txt', 'css/../../secret.txt', '../media-secret/x.txt', '..', '../', './../secret.txt']
    for (const way of ways) expect(await refusal(way), way).to.equal('SuspiciousOperation')
    expect(await refusal(path.join(root, 'secret.txt'))).to.equal('Http404')
    expect(await refusal('//etc/passwd')).to.equal('Http404')
  })

  it('returns 404 for a missing file, a zero byte in the name, and a path below a file', async () => {
    for (const way of ['nope.css', 'css/a b.css\0', 'css/a b.css/x', 'x'.repeat(5000)]) {
      expect(await refusal(way), way).to.equal('Http404')
    }
  })

  it('lists a directory only if enabled', async () => {
    expect(await refusal('')).to.equal('Http404')
    const index = (await serve('', { showIndexes: true })) as HttpResponse
    expect(index.text).to.contain('<a href="css/">css/</a>').and.contain('<a href="%3Ci%3E.txt">&lt;i&gt;.txt</a>')
    expect(index.text).not.to.contain('../')
    expect(((await serve('css/', { showIndexes: true })) as HttpResponse).text).to.contain('<a href="../">../</a>')
  })

  it('follows a link to another file of the directory, but not one that leads out', async () => {
    symlinkSync('css/a b.css', path.join(root, 'media/link.txt'))
    symlinkSync(path.join(root, 'secret.txt'), path.join(root, 'media/out.txt'))
    expect(await read('link.txt')).to.equal('body {}')
    expect(await refusal('out.txt')).to.equal('Http404')
  })
})
