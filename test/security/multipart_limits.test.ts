/** Every part of a multipart form counts, and the length of its headers and names is limited. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { UploadedFile } from '#core/http'
import { Client, type ClientResponse, overrideSettings } from '#core/test'
import { captureLogs } from '#core/utils'
import { safeFileName } from '../../core/http/uploaded_file.ts'

const TYPE = 'multipart/form-data; boundary=X'

interface Echo {
  readonly post: [string, string][]
  readonly files: [field: string, name: string, type: string, size: number, content: string][]
}

/** Parts that are not files, of every kind that a parser distinguishes. */
const FIELDS: Readonly<Record<string, string>> = {
  'a field': 'Content-Disposition: form-data; name="a"\r\n\r\n1',
  'a field of bytes': 'Content-Disposition: form-data; name="a"\r\nContent-Type: application/octet-stream\r\n\r\n1',
  'an empty field': 'Content-Disposition: form-data; name="a"\r\n\r\n',
  'a field with an empty name': 'Content-Disposition: form-data; name=""\r\n\r\n1',
  'a field without a name': 'Content-Disposition: form-data\r\n\r\n1',
  'a part with another disposition': 'Content-Disposition: attachment; name="a"\r\n\r\n1',
  'a part without a disposition': 'Content-Type: text/plain\r\n\r\n1',
  'a part without headers': '\r\n1',
  'a part of nothing': '',
  'a part that never ends its headers': 'Content-Disposition: form-data; name="a"',
  'a part with a broken name': 'Content-Disposition: form-data; name="a\nb"\r\n\r\n1',
  'a part with a broken header': 'nonsense\r\n\r\n1',
}

const FILES: Readonly<Record<string, string>> = {
  'a file': 'Content-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\n1',
  'an empty file': 'Content-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\n',
  'a file without a name': 'Content-Disposition: form-data; name="a"; filename=""\r\n\r\n1',
  'a file without a field': 'Content-Disposition: form-data; filename="a.txt"\r\n\r\n1',
  'a file that is a folder': 'Content-Disposition: form-data; name="a"; filename=".."\r\n\r\n1',
}

const form = (parts: readonly string[]): string => `${parts.map((part) => `--X\r\n${part}\r\n`).join('')}--X--\r\n`
const times = (part: string, count: number): string[] => Array.from({ length: count }, () => part)
const file = (name: string, type = 'text/plain'): string =>
  `Content-Disposition: form-data; name="f"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\nx`

describe('a multipart form', () => {
  let stop: () => void
  before(() => setup())
  beforeEach(() => (stop = captureLogs(() => {})))
  afterEach(() => stop())

  function send(body: string, settings: Settings = {}, contentType = TYPE): Promise<ClientResponse> {
    const site: Settings = { DEBUG: false, ROOT_URLCONF: 'test.security.bodies_site', MIDDLEWARE: [] }
    return overrideSettings({ ...site, ...settings }, () => new Client().post('/echo/', { data: body, contentType }))
  }

  for (const [name, part] of Object.entries(FIELDS)) {
    it(`with more than DATA_UPLOAD_MAX_NUMBER_FIELDS times ${name} is refused`, async () => {
      const settings: Settings = { DATA_UPLOAD_MAX_NUMBER_FIELDS: 5 }
      expect((await send(form(times(part, 5)), settings)).status).to.equal(200)
      expect((await send(form(times(part, 6)), settings)).status).to.equal(400)
      const mixed = [
        ...times(part, 3),
        ...times(FIELDS['a field'] as string, 2),
        ...times(FILES['a file'] as string, 9),
      ]
      expect((await send(form(mixed), settings)).status).to.equal(200)
      expect((await send(form([part, ...mixed]), settings)).status).to.equal(400)
      expect((await send(form([...mixed, part]), settings)).status).to.equal(400)
    })

    it(`with a million times ${name} is refused at the limit, and the rest is not parsed`, async function () {
      this.timeout(60_000)
      const settings: Settings = { DATA_UPLOAD_MAX_MEMORY_SIZE: null }
      expect((await send(form(times(part, 1_000_000 / Math.ceil((part.length + 1) / 8))), settings)).status).to.equal(
        400,
      )
    })
  }

  for (const [name, part] of Object.entries(FILES)) {
    it(`with more than DATA_UPLOAD_MAX_NUMBER_FILES times ${name} is refused`, async () => {
      const settings: Settings = { DATA_UPLOAD_MAX_NUMBER_FILES: 5, DATA_UPLOAD_MAX_NUMBER_FIELDS: 1 }
      expect((await send(form(times(part, 5)), settings)).status).to.equal(200)
      expect((await send(form(times(part, 6)), settings)).status).to.equal(400)
    })
  }

  it('has no limit if the settings disable it', async () => {
    const settings: Settings = { DATA_UPLOAD_MAX_NUMBER_FIELDS: null, DATA_UPLOAD_MAX_NUMBER_FILES: null }
    const parts = [...times(FIELDS['a field without a name'] as string, 2000), ...times(FILES['a file'] as string, 200)]
    expect((await send(form(parts), settings)).json<Echo>().files).to.have.length(200)
  })

  it('has fields of any type, as in Django', async () => {
    expect((await send(form([FIELDS['a field of bytes'] as string]))).json<Echo>().post).to.deep.equal([['a', '1']])
  })

  it('with headers of a part that are too long is refused', async () => {
    const long = 'x'.repeat(60_000)
    for (const part of [
      file(`${long}.txt`),
      file('a.txt', long),
      `Content-Disposition: form-data; name="${long}"\r\n\r\n1`,
      `Content-Disposition: form-data; name="a"\r\nX-Long: ${long}\r\n\r\n1`,
      `Content-Disposition: form-data; name="a"\r\n${'X: 1\r\n'.repeat(10_000)}\r\n1`,
      `Content-Disposition: form-data; name="a"${`\r\n ${long.slice(0, 50)}`.repeat(1000)}\r\n\r\n1`,
    ]) {
      expect((await send(form([part]))).status, part.slice(0, 60)).to.equal(400)
    }
  })

  it('has names and types of files that are cut to 255 characters, with their extension', async () => {
    const [[, name, type] = [], [, ending] = [], [, wide] = []] = (
      await send(
        form([
          file(`${'x'.repeat(5000)}.tar.gz`, `text/${'y'.repeat(1000)}`),
          file(`a.${'z'.repeat(999)}`),
          file(`${'😀'.repeat(400)}.png`),
        ]),
      )
    ).json<Echo>().files
    expect(name).to.equal(`${'x'.repeat(252)}.gz`)
    expect(type).to.equal(`text/${'y'.repeat(250)}`)
    expect(ending).to.equal(`.${'z'.repeat(254)}`)
    expect(wide).to.equal(`${'😀'.repeat(125)}.png`)
  })

  it('with an invalid boundary is refused', async () => {
    for (const boundary of ['', ' ', '""', '"x "', 'ü', 'x'.repeat(202), '"\u0001"']) {
      expect((await send('--X--\r\n', {}, `multipart/form-data; boundary=${boundary}`)).status, boundary).to.equal(400)
    }
    const long = 'x'.repeat(201)
    const body = `--${long}\r\n${FIELDS['a field']}\r\n--${long}--\r\n`
    expect((await send(body, {}, `multipart/form-data; boundary=${long}`)).json<Echo>().post).to.deep.equal([
      ['a', '1'],
    ])
    const quoted = await send(
      '--a b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--a b--',
      {},
      'multipart/form-data; boundary="a b"',
    )
    expect(quoted.json<Echo>().post).to.deep.equal([['a', '1']])
  })

  it('may have text before its first part and after its last, of any length', async () => {
    const body = `${'before '.repeat(200_000)}\r\n${form([FIELDS['a field'] as string])}${'after '.repeat(200_000)}`
    expect((await send(body)).json<Echo>().post).to.deep.equal([['a', '1']])
  })

  it('has its parts however it is split into chunks', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'multipart-'))
    try {
      const big = 'ab'.repeat(100_000)
      const body = form([FIELDS['a field'] as string, file('big.txt').replace(/x$/, big), FIELDS['a field'] as string])
      const settings: Settings = { FILE_UPLOAD_MAX_MEMORY_SIZE: 1000, FILE_UPLOAD_TEMP_DIR: folder }
      const { post, files } = (await send(body, settings)).json<Echo>()
      expect(post).to.deep.equal([
        ['a', '1'],
        ['a', '1'],
      ])
      expect(files[0]?.[4]).to.equal(big)
    } finally {
      expect(existsSync(folder)).to.equal(true)
      rmSync(folder, { recursive: true })
    }
  })

  it('of any bytes is a form or 400, and never 500', async function () {
    this.timeout(60_000)
    const piece = fc.oneof(
      fc.constantFrom('--X', '--X--', '\r\n', '\n', '\r', ':', ';', '"', '=', '\0', ' ', '\\'),
      fc.constantFrom(
        'Content-Disposition',
        'form-data',
        'name',
        'filename',
        'filename*',
        "utf-8''",
        'Content-Type',
        'charset',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom(...Object.values(FIELDS), ...Object.values(FILES)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const response = await send(`--X\r\n${pieces.join('')}\r\n--X--\r\n`)
        expect(response.status).to.be.oneOf([200, 400])
      }),
      { numRuns: 300 },
    )
  })
})

describe('the name of an uploaded file', () => {
  it('is one path segment, printable and of at most 255 characters, or empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (given) => {
        const name = safeFileName(given)
        if (name === undefined) return
        expect(name).to.match(/^[^/\\\p{C}]{1,255}$/u)
        expect(name.length).to.be.at.most(255)
        expect(name).to.equal(name.trim()).and.not.be.oneOf(['.', '..'])
        expect(Buffer.from(name).toString()).to.equal(name)
      }),
    )
  })

  for (const [given, name] of [
    ['a.txt', 'a.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\x\\y.txt', 'y.txt'],
    ['a\0.txt', 'a.txt'],
    ['a\r\nb', 'ab'],
    ['\u202egnp.exe', 'gnp.exe'],
    [' . ', undefined],
    ['..', undefined],
    ['a/', undefined],
    ['', undefined],
    ['.htaccess', '.htaccess'],
    ['x'.repeat(300), 'x'.repeat(255)],
    [`.${'x'.repeat(300)}`, `.${'x'.repeat(254)}`],
    [`${'x'.repeat(300)}.`, `${'x'.repeat(254)}.`],
  ] as const) {
    it(`${JSON.stringify(given.slice(0, 30))} becomes ${JSON.stringify(name?.slice(0, 30))}`, () => {
      expect(safeFileName(given)).to.equal(name)
    })
  }

  it('belongs to a file that has the attributes of its part', () => {
    expect(new UploadedFile({ fieldName: 'f', name: 'a', size: 0, contentType: 'text/plain' }).name).to.equal('a')
  })
})
