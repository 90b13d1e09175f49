/** What a client accepts, and the content types of files. */
import { expect } from 'chai'
import Koa from 'koa'
import { acceptsOf, contentTypeOf, extendKoa, fileTypeOf } from '#core/http'
import { setup } from '#core/apps'

describe('acceptsOf', () => {
  it('reads each of the headers', () => {
    const accepted = acceptsOf({
      accept: 'text/html, application/json;q=0.9, */*;q=0.1',
      'accept-encoding': 'br;q=0.5, gzip',
      'accept-language': 'de-CH, en;q=0.8',
      'accept-charset': 'utf-8, *;q=0.1',
    })
    expect(accepted.types(['json', 'html'])).to.equal('html')
    expect(accepted.encodings(['br', 'gzip'])).to.equal('gzip')
    expect(accepted.languages(['en', 'de-CH'])).to.equal('de-CH')
    expect(accepted.charsets(['latin1', 'utf-8'])).to.equal('utf-8')
    expect(acceptsOf({}).types(['json', 'html'])).to.equal('json')
  })

  it('reads a long header up to its last entry within the limit, and quickly', () => {
    const types = (accept: string): unknown => acceptsOf({ accept }).types(['text/html'])
    expect(types(`text/html,${'a/b,'.repeat(15_000)}`)).to.equal('text/html')
    expect(types(`${'a/b,'.repeat(15_000)}text/html`)).to.equal(false)
    for (const repeated of [',', ';', '"', ' ', 'a', 'a/b;x="",', 'a/b;x=",', '*/*,', ';q=,', 'a/b;q=0.5,']) {
      for (const start of ['', 'a/b;x="', 'a/']) {
        const header = start + repeated.repeat(60_000 / repeated.length)
        const began = performance.now()
        const accepted = acceptsOf({
          accept: header,
          'accept-encoding': header,
          'accept-language': header,
          'accept-charset': header,
        })
        accepted.types(['text/html'])
        accepted.encodings(['gzip'])
        accepted.languages(['de'])
        accepted.charsets(['utf-8'])
        expect(performance.now() - began, start + repeated).to.be.below(500)
      }
    }
  })

  it('is used by request.accepts() and by ctx.accept of Koa', async () => {
    await setup()
    const app = new Koa()
    extendKoa(app)
    const req = { headers: { accept: `text/html,${'a/b;x=",'.repeat(8000)}` }, method: 'GET', url: '/', socket: {} }
    const began = performance.now()
    const ctx = app.createContext(req as never, { getHeader() {}, setHeader() {} } as never)
    expect(ctx.request.accepts('text/html')).to.equal('text/html')
    expect(ctx.accepts('image/png')).to.equal(false)
    expect(ctx.accept).to.equal(ctx.request.accept)
    const other = acceptsOf({ accept: 'image/png' })
    ctx.accept = other
    expect([ctx.request.accept, ctx.accepts('image/png')]).to.deep.equal([other, 'image/png'])
    expect(performance.now() - began).to.be.below(500)
  })
})

describe('the content type of a file', () => {
  it('is found by the extension, in any case', () => {
    for (const [name, type] of Object.entries({
      'a.js': 'text/javascript',
      'A.MJS': 'text/javascript',
      'a.min.css': 'text/css',
      'a.xml': 'text/xml',
      'a.wav': 'audio/x-wav',
      'a.ico': 'image/vnd.microsoft.icon',
      'a.woff2': 'font/woff2',
      'a.wasm': 'application/wasm',
      'a.map': 'application/json',
      'a.py': 'text/x-python',
      'a.exe': 'application/octet-stream',
      'a.unknown': 'application/octet-stream',
      'a.__proto__': 'application/octet-stream',
      'a.constructor': 'application/octet-stream',
      'folder.js/a': 'application/octet-stream',
    })) {
      expect([name, contentTypeOf(name)]).to.deep.equal([name, type])
      expect(fileTypeOf(name)).to.deep.equal({ contentType: type })
    }
  })

  it('is unknown without an extension', () => {
    for (const name of ['', '.', '..', 'js', 'html', '.html', 'Makefile', 'a.', 'a/.js']) {
      expect([name, contentTypeOf(name)]).to.deep.equal([name, 'application/octet-stream'])
    }
  })

  it('is that of a compressed file, or of its content', () => {
    for (const [name, asItIs, inside, encoding] of [
      ['a.css.gz', 'application/gzip', 'text/css', 'gzip'],
      ['a.tar.bz2', 'application/x-bzip', 'application/x-tar', 'bzip2'],
      ['a.tgz', 'application/gzip', 'application/x-tar', 'gzip'],
      ['A.TGZ', 'application/gzip', 'application/x-tar', 'gzip'],
      ['a.svgz', 'application/gzip', 'image/svg+xml', 'gzip'],
      ['a.txt.xz', 'application/x-xz', 'text/plain', 'xz'],
      ['a.js.br', 'application/x-brotli', 'text/javascript', 'br'],
      ['a.Z', 'application/x-compress', 'application/octet-stream', 'compress'],
      ['gz.gz', 'application/gzip', 'application/octet-stream', 'gzip'],
    ] as const) {
      expect([name, contentTypeOf(name)]).to.deep.equal([name, asItIs])
      expect([name, fileTypeOf(name)]).to.deep.equal([name, { contentType: inside, encoding }])
    }
  })
})
