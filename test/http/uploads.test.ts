/** Files uploaded with a form. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { HttpResponse, JsonResponse, type UploadedFile } from '#core/http'
import { Client } from '#core/test'
import { listening } from './listen.ts'
import { appOf } from './serve.ts'

const client = new Client(
  appOf((request) => {
    const files = [...request.FILES.values()].map(({ fieldName, name, size, contentType, content, temporaryPath }) => ({
      fieldName,
      name,
      size,
      contentType,
      content: content?.toString(),
      temporaryPath,
    }))
    return new JsonResponse({ fields: [...request.POST], files })
  }),
)

function form(...parts: [name: string, value: string | File][]): FormData {
  const data = new FormData()
  for (const [name, value] of parts) {
    if (typeof value === 'string') data.append(name, value)
    else data.append(name, value, value.name)
  }
  return data
}

const file = (name: string, content: string): File => new File([content], name, { type: 'text/plain' })

/** A hand-written part that no browser sends. */
function raw(...parts: string[]): { data: string; contentType: string } {
  const data = `${parts.map((part) => `--X\r\nContent-Disposition: form-data; ${part}`).join('\r\n')}\r\n--X--\r\n`
  return { data, contentType: 'multipart/form-data; boundary=X' }
}

describe('an upload', () => {
  let folder: string
  before(() => setup())
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'uploads-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('has its fields in POST and its files in FILES', async () => {
    const response = await client.post('/', { data: form(['a', 'ü'], ['doc', file('note.txt', 'hello')], ['a', '2']) })
    expect(response.json()).to.deep.equal({
      fields: [
        ['a', 'ü'],
        ['a', '2'],
      ],
      files: [{ fieldName: 'doc', name: 'note.txt', size: 5, contentType: 'text/plain', content: 'hello' }],
    })
  })

  it('keeps several files of one field; `get` returns the last one', async () => {
    const app = appOf((request) => {
      const all = request.FILES.getAll('doc').map((each) => each.name)
      return new JsonResponse({ all, last: request.FILES.get('doc')?.name })
    })
    const data = form(['doc', file('1.txt', 'a')], ['doc', file('2.txt', 'b')])
    expect((await new Client(app).post('/', { data })).json()).to.deep.equal({ all: ['1.txt', '2.txt'], last: '2.txt' })
  })

  it('never has a directory in its name', async () => {
    const names = ['../../etc/passwd', 'C:\\\\fakepath\\\\x.txt', '/abs/y.txt', 'a\u202eb.txt']
    const response = await client.post('/', raw(...names.map((name, i) => `name="f${i}"; filename="${name}"\r\n\r\nx`)))
    expect(response.json<{ files: { name: string }[] }>().files.map((each) => each.name)).to.deep.equal([
      'passwd',
      'x.txt',
      'y.txt',
      'ab.txt',
    ])
  })

  it('without a file in a file field is empty', async () => {
    const response = await client.post('/', raw('name="f"; filename=""\r\n\r\n', 'name="g"; filename=".."\r\n\r\nx'))
    expect(response.json()).to.deep.equal({ fields: [], files: [] })
  })

  it('above FILE_UPLOAD_MAX_MEMORY_SIZE is in a temporary file until the response is sent', async () => {
    const seen: { path: string; existed: boolean; read: string; saved: string; mode: number }[] = []
    const app = appOf(async (request) => {
      const upload = request.FILES.get('doc') as UploadedFile
      const target = path.join(folder, 'saved.txt')
      await upload.saveTo(target)
      let read = ''
      for await (const chunk of upload.chunks()) read += chunk.toString()
      const at = upload.temporaryPath as string
      expect(upload.content).to.equal(undefined)
      expect((await upload.read()).toString()).to.equal(read)
      seen.push({
        path: at,
        existed: existsSync(at),
        read,
        saved: readFileSync(target, 'utf8'),
        mode: statSync(target).mode,
      })
      return new HttpResponse()
    })
    const uploads = mkdtempSync(path.join(folder, 'tmp-'))
    await overrideSettings({ FILE_UPLOAD_MAX_MEMORY_SIZE: 10, FILE_UPLOAD_TEMP_DIR: uploads }, async () => {
      await new Client(app).post('/', { data: form(['doc', file('a.txt', 'eleven byte')]) })
    })
    expect(seen[0]).to.deep.include({ existed: true, read: 'eleven byte', saved: 'eleven byte' })
    expect((seen[0]?.mode ?? 0) & 0o777).to.equal(0o644)
    expect(path.dirname(seen[0]?.path ?? '')).to.equal(uploads)
    // A thread removes it, and a disk may be slow: mocha's timeout ends the wait.
    while (readdirSync(uploads).length > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(readdirSync(uploads)).to.deep.equal([])
  })

  it('keeps no more than that in memory, however many files there are', async () => {
    await overrideSettings({ FILE_UPLOAD_MAX_MEMORY_SIZE: 10, FILE_UPLOAD_TEMP_DIR: folder }, async () => {
      const data = form(['a', file('a', '123456')], ['b', file('b', '1234567')], ['c', file('c', '12345')])
      const { files } = (await client.post('/', { data })).json<{ files: { content?: string; size: number }[] }>()
      expect(files.map((each) => each.size)).to.deep.equal([6, 7, 5])
      expect(files.map((each) => each.content ?? '').join('').length).to.be.at.most(10)
    })
  })

  it('counts its fields, but not its files, against DATA_UPLOAD_MAX_MEMORY_SIZE', async () => {
    await overrideSettings({ DATA_UPLOAD_MAX_MEMORY_SIZE: 10 }, async () => {
      const large = await client.post('/', { data: form(['a', '1'], ['f', file('f', 'x'.repeat(100))]) })
      expect(large.status).to.equal(200)
      expect((await client.post('/', { data: form(['a', 'x'.repeat(8)]) })).text).to.equal('RequestDataTooBig')
      expect((await client.post('/', { data: form(['a', 'x'.repeat(80)]) })).text).to.equal('RequestDataTooBig')
    })
  })

  it('is refused with too many fields or files', async () => {
    const data = form(['a', '1'], ['b', '2'], ['f', file('f', 'x')], ['g', file('g', 'y')])
    await overrideSettings({ DATA_UPLOAD_MAX_NUMBER_FIELDS: 1 }, async () => {
      expect((await client.post('/', { data })).text).to.equal('TooManyFieldsSent')
    })
    await overrideSettings({ DATA_UPLOAD_MAX_NUMBER_FILES: 1 }, async () => {
      expect((await client.post('/', { data })).text).to.equal('TooManyFilesSent')
    })
    await overrideSettings(
      { DATA_UPLOAD_MAX_NUMBER_FIELDS: null, DATA_UPLOAD_MAX_NUMBER_FILES: null, DATA_UPLOAD_MAX_MEMORY_SIZE: null },
      async () => expect((await client.post('/', { data })).status).to.equal(200),
    )
  })

  it('that is malformed is a MultiPartParserError', async () => {
    for (const contentType of ['multipart/form-data', 'multipart/form-data; boundary=']) {
      expect((await client.post('/', { data: '--X\r\n', contentType })).text).to.equal('MultiPartParserError')
    }
    const cut = '--X\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nabc'
    const contentType = 'multipart/form-data; boundary=X'
    expect((await client.post('/', { data: cut, contentType })).text).to.equal('MultiPartParserError')
    const cutField = '--X\r\nContent-Disposition: form-data; name="f"\r\n\r\nabc'
    expect((await client.post('/', { data: cutField, contentType })).text).to.equal('MultiPartParserError')
  })

  it('leaves no temporary file behind when it fails', async () => {
    const settings = { FILE_UPLOAD_MAX_MEMORY_SIZE: 1, FILE_UPLOAD_TEMP_DIR: folder, DATA_UPLOAD_MAX_NUMBER_FILES: 2 }
    await overrideSettings(settings, async () => {
      const data = form(['a', file('a', '12345')], ['b', file('b', '12345')], ['c', file('c', '12345')])
      expect((await client.post('/', { data })).text).to.equal('TooManyFilesSent')
    })
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('fails when the client aborts it, and leaves no temporary file behind', async () => {
    let failed: (name: string) => void = () => {}
    const failure = new Promise<string>((resolve) => (failed = resolve))
    const app = appOf(
      () => new HttpResponse(),
      async ({ request }) => {
        await request.read().catch((error: Error) => failed(error.name))
      },
    )
    await overrideSettings({ FILE_UPLOAD_MAX_MEMORY_SIZE: 1, FILE_UPLOAD_TEMP_DIR: folder }, () =>
      listening(app, async (port) => {
        const socket = connect(port, '127.0.0.1')
        const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=X\r\n'
        const part = '--X\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        socket.write(`${head}Content-Length: 500000\r\n\r\n${part}${'x'.repeat(100_000)}`)
        while (readdirSync(folder).length === 0) await new Promise((resolve) => setImmediate(resolve))
        socket.destroy()
        expect(await failure).to.equal('UnreadablePostError')
      }),
    )
    expect(readdirSync(folder)).to.deep.equal([])
  })
})
