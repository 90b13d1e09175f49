/** Streamed responses. */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { FileResponse, type HttpResponseBase, StreamingHttpResponse } from '#core/http'
import { Client, type ClientResponse } from '#core/test'
import { appOf } from './serve.ts'

const get = (respond: () => HttpResponseBase): Promise<ClientResponse> => new Client(appOf(respond)).get('/')

async function* pieces(): AsyncGenerator<string> {
  yield 'a'
  yield 'ü'
}

describe('a streaming response', () => {
  before(() => setup())

  it('sends an iterable, an async iterable or a stream', async () => {
    expect((await get(() => new StreamingHttpResponse(['a', Buffer.from('b')]))).text).to.equal('ab')
    expect((await get(() => new StreamingHttpResponse(pieces()))).text).to.equal('aü')
    expect((await get(() => new StreamingHttpResponse(Readable.from(['x', 'y'])))).text).to.equal('xy')
  })

  it('releases its source when HEAD needs no content', async () => {
    let over = false
    const source = new Readable({ read() {}, destroy: (_error, done) => ((over = true), done(null)) })
    const response = await new Client(appOf(() => new StreamingHttpResponse(source))).head('/')
    expect(response.text).to.equal('')
    expect(over).to.equal(true)
  })
})

describe('a file response', () => {
  let folder: string
  before(async () => {
    await setup()
    folder = mkdtempSync(path.join(tmpdir(), 'files-'))
    writeFileSync(path.join(folder, 'note.txt'), 'hello')
    writeFileSync(path.join(folder, 'plan.pdf.gz'), 'zip')
  })
  after(() => rmSync(folder, { recursive: true }))

  it('sends length, type and name of the file', async () => {
    const response = await get(() => new FileResponse(path.join(folder, 'note.txt')))
    expect(response.text).to.equal('hello')
    expect(response.headers).to.include({
      'content-length': '5',
      'content-type': 'text/plain',
      'content-disposition': 'inline; filename="note.txt"',
    })
  })

  it('does the same for a stream of a whole file, and sends no length for a part', async () => {
    const file = path.join(folder, 'plan.pdf.gz')
    const whole = await get(() => new FileResponse(createReadStream(file), { asAttachment: true }))
    expect(whole.headers).to.include({
      'content-length': '3',
      'content-type': 'application/gzip',
      'content-disposition': 'attachment; filename="plan.pdf.gz"',
    })
    const part = await get(() => new FileResponse(createReadStream(file, { start: 1 })))
    expect([part.text, part.headers['content-length']]).to.deep.equal(['ip', undefined])
  })

  it('sends bytes under a name', async () => {
    const response = await get(() => new FileResponse(Buffer.from('a,b'), { filename: 'x.csv', asAttachment: true }))
    expect(response.text).to.equal('a,b')
    expect(response.headers['content-type']).to.equal('text/csv')
    expect(response.headers['content-length']).to.equal('3')
  })

  it('quotes names, and encodes non-ASCII ones', () => {
    const disposition = (filename: string): string | undefined =>
      new FileResponse(Buffer.from(''), { filename, asAttachment: true }).headers.get('Content-Disposition')
    expect(disposition('a "b".txt')).to.equal('attachment; filename="a \\"b\\".txt"')
    expect(disposition("ü'(1)\n.txt")).to.equal("attachment; filename*=utf-8''%C3%BC%27%281%29%0A.txt")
  })

  it('throws immediately for a missing file', () => {
    expect(() => new FileResponse(path.join(folder, 'absent')))
      .to.throw()
      .with.property('code', 'ENOENT')
    expect(() => new FileResponse(folder)).to.throw('is not a file')
  })

  it('sends the length for HEAD', async () => {
    const response = await new Client(appOf(() => new FileResponse(path.join(folder, 'note.txt')))).head('/')
    expect([response.text, response.headers['content-length']]).to.deep.equal(['', '5'])
  })
})
