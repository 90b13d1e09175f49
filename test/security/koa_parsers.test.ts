/** Body parsers from npm in MIDDLEWARE: their results are POST and FILES, and their errors keep their status. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { Client, type ClientResponse, overrideSettings } from '#core/test'
import { captureLogs } from '#core/utils'

// Their types change those of Koa in conflicting ways, so they are loaded without types.
const load = createRequire(import.meta.url)
type Factory = (options?: object) => Middleware
const koaBodyParser = load('koa-bodyparser') as Factory
const { bodyParser } = load('@koa/bodyparser') as { bodyParser: Factory }
const { koaBody } = load('koa-body') as { koaBody: Factory }
interface Multer {
  any(): Middleware
  single(field: string): Middleware
  array(field: string): Middleware
  fields(fields: readonly { name: string }[]): Middleware
  none(): Middleware
}
const multer = load('@koa/multer') as (options?: object) => Multer

const CSRF = 'core.middleware.csrf.CsrfViewMiddleware'
const TOKEN = 'a'.repeat(32)
const URLENCODED = 'application/x-www-form-urlencoded'

const reads: Middleware = async ({ request }, next) => {
  await request.read()
  await next()
}

/** A middleware that returns the body as a Koa middleware further inside sees it. */
const shows: Middleware = async ({ request, response }, next) => {
  await next()
  response.set('X-Body', encodeURIComponent(JSON.stringify(request.body) ?? 'undefined'))
}

interface ParserRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly url?: string
  readonly method?: 'post' | 'put'
  readonly settings?: Settings
}

interface Echo {
  readonly post: [string, string][]
  readonly files: [field: string, name: string, type: string, size: number, content: string][]
}

const FORM = 'a=1&a=2&b=%C3%BC&user[name]=x&user[tags][]=y&user[tags][]=z&empty='
const FIELDS = [
  ['a', '1'],
  ['a', '2'],
  ['b', 'ü'],
  ['user[name]', 'x'],
]

const part = (head: string, content: string): string =>
  `--X\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`
const fileHead = (field: string, name: string): string =>
  `name="${field}"; filename="${name}"\r\nContent-Type: text/plain`
const MULTIPART = [
  part('name="a"', '1'),
  part('name="a"', '2'),
  part('name="b"', 'ü'),
  part(fileHead('doc', '../one.txt'), 'first'),
  part(fileHead('doc', 'two.txt'), 'second'),
  part(fileHead('other', 'three.txt'), 'third'),
  '--X--\r\n',
].join('')
const FILES = [
  ['doc', 'one.txt', 'text/plain', 5, 'first'],
  ['doc', 'two.txt', 'text/plain', 6, 'second'],
  ['other', 'three.txt', 'text/plain', 5, 'third'],
]
const MULTIPART_TYPE = 'multipart/form-data; boundary=X'

describe('body parsers from npm', () => {
  let stop: () => void
  let folder: string
  before(() => setup())
  beforeEach(() => {
    stop = captureLogs(() => {})
    folder = mkdtempSync(path.join(tmpdir(), 'parsers-'))
  })
  afterEach(() => {
    stop()
    rmSync(folder, { recursive: true })
  })

  function ask(
    MIDDLEWARE: NonNullable<Settings['MIDDLEWARE']>,
    data: string | Uint8Array,
    type: string,
    { headers = {}, url = '/echo/', method = 'post', settings = {} }: ParserRequest = {},
  ): Promise<ClientResponse> {
    const site: Settings = { DEBUG: false, ROOT_URLCONF: 'test.security.bodies_site', MIDDLEWARE, ...settings }
    return overrideSettings(site, () => {
      const client = new Client(undefined, { enforceCsrfChecks: true })
      client.cookies.set('csrftoken', TOKEN)
      return client[method](url, { data, headers: { 'content-type': type, ...headers } })
    })
  }

  const PARSERS: Readonly<Record<string, () => (string | Middleware)[]>> = {
    'koa-bodyparser': () => [koaBodyParser()],
    "'koa-bodyparser' by name": () => ['koa-bodyparser'],
    'koa-bodyparser for all its types': () => [koaBodyParser({ enableTypes: ['json', 'form', 'text', 'xml'] })],
    '@koa/bodyparser': () => [bodyParser()],
    "'@koa/bodyparser' by name": () => ['@koa/bodyparser'],
    '@koa/bodyparser that patches the request of Node': () => [bodyParser({ patchNode: true })],
    'koa-body': () => [koaBody()],
    'koa-body that keeps the text': () => [koaBody({ includeUnparsed: true })],
    'koa-body with files': () => [koaBody({ multipart: true, formidable: { uploadDir: folder } })],
    'koa-body that patches only the request of Node': () => [
      koaBody({ multipart: true, patchNode: true, patchKoa: false, formidable: { uploadDir: folder } }),
    ],
    '@koa/multer in memory': () => [multer().any()],
    '@koa/multer on disk': () => [multer({ dest: folder }).any()],
    '@koa/multer of named fields': () => [multer().fields([{ name: 'doc' }, { name: 'other' }])],
    'two of them': () => [koaBodyParser(), multer().any()],
    'three of them': () => [bodyParser(), koaBodyParser(), multer().any()],
  }

  for (const [name, parsers] of Object.entries(PARSERS)) {
    describe(name, () => {
      it('puts its form into POST', async () => {
        const response = await ask(parsers(), FORM, URLENCODED)
        const { post, files } = response.json<Echo>()
        expect(files).to.deep.equal([])
        expect(post.slice(0, 4)).to.deep.equal(FIELDS)
        // The names of nested lists lose their brackets if a parser did not keep the text.
        expect(post.slice(4).map(([field, value]) => [field.replace('[]', ''), value])).to.deep.equal([
          ['user[tags]', 'y'],
          ['user[tags]', 'z'],
          ['empty', ''],
        ])
      })

      it('puts its form with files into POST and FILES', async () => {
        const { post, files } = (await ask(parsers(), MULTIPART, MULTIPART_TYPE)).json<Echo>()
        expect(post).to.deep.equal([
          ['a', '1'],
          ['a', '2'],
          ['b', 'ü'],
        ])
        // Files of one name are in the order in which the parser has written them to the disk.
        expect(files).to.have.deep.members(FILES)
      })

      it('has its form checked by CsrfViewMiddleware, which finds the token in it', async () => {
        for (const [data, type] of [
          [`csrfmiddlewaretoken=${TOKEN}&a=1`, URLENCODED],
          [`${part('name="csrfmiddlewaretoken"', TOKEN)}${part('name="a"', '1')}--X--\r\n`, MULTIPART_TYPE],
        ] as const) {
          const response = await ask([...parsers(), CSRF], data, type)
          expect(response.json<Echo>().post, type).to.deep.equal([
            ['csrfmiddlewaretoken', TOKEN],
            ['a', '1'],
          ])
          const forged = await ask([...parsers(), CSRF], data.replace(TOKEN, 'b'.repeat(32)), type)
          expect(forged.status, type).to.equal(403)
        }
      })

      it('leaves JSON to request.json(), and POST empty', async () => {
        for (const method of ['post', 'put'] as const) {
          const json = await ask(parsers(), '{"a":[1]}', 'application/json', { url: '/json/', method })
          expect(json.json(), method).to.deep.equal({ json: { a: [1] } })
          expect((await ask(parsers(), '{"a":"1"}', 'application/json', { method })).json()).to.deep.equal({
            post: [],
            files: [],
          })
        }
      })

      it('leaves POST empty for a body of another type, and for another method', async () => {
        for (const type of ['text/plain', 'application/xml', ';;;', 'image/png']) {
          const response = await ask(parsers(), 'a=1', type)
          expect(response.json(), type).to.deep.equal({ post: [], files: [] })
          expect((await ask(parsers(), '{"a":1}', type, { url: '/json/' })).status, type).to.equal(415)
        }
        expect((await ask(parsers(), 'a=1', URLENCODED, { method: 'put' })).json()).to.deep.equal({
          post: [],
          files: [],
        })
      })

      it('causes a 400 to 415 for errors of the client, never a 500', async () => {
        const large = 'x'.repeat(3_000_000)
        for (const [data, type, headers] of [
          ['{"a":', 'application/json', {}],
          [`a=${large}`, URLENCODED, {}],
          [`{"a":"${large}"}`, 'application/json', {}],
          ['a=1', URLENCODED, { 'content-encoding': 'gzip' }],
          ['a=1', URLENCODED, { 'content-encoding': 'nonsense' }],
          [gzipSync(`a=${large}`), URLENCODED, { 'content-encoding': 'gzip' }],
          ['--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', MULTIPART_TYPE, {}],
          ['--X\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1', MULTIPART_TYPE, {}],
          ['--X--\r\n', 'multipart/form-data', {}],
          ['--X--\r\n', 'multipart/form-data; boundary=', {}],
        ] as const) {
          const response = await ask(parsers(), data, type, {
            headers,
            url: type === 'application/json' ? '/json/' : '/echo/',
          })
          const what = `${data.slice(0, 20).toString()} ${type} ${JSON.stringify(headers)}`
          expect(response.status, what).to.be.within(200, 415)
          if (response.status < 400) expect(response.json(), what).to.be.an('object')
        }
      })

      it('is limited to DATA_UPLOAD_MAX_NUMBER_FIELDS', async () => {
        const settings: Settings = { DATA_UPLOAD_MAX_NUMBER_FIELDS: 3 }
        expect((await ask(parsers(), 'a=1&b=2&c=3&d=4', URLENCODED, { settings })).status).to.equal(400)
        expect((await ask(parsers(), 'a=1&b=2&c=3', URLENCODED, { settings })).status).to.equal(200)
      })
    })
  }

  for (const [name, parser] of [
    ['koa-bodyparser', koaBodyParser],
    ['@koa/bodyparser', bodyParser],
  ] as const) {
    describe(`${name} after a middleware that has read the body`, () => {
      for (const [by, first] of [
        ['request.read()', reads],
        ['CsrfViewMiddleware', CSRF],
      ] as const) {
        it(`by ${by} leaves it unchanged`, async () => {
          const data = `csrfmiddlewaretoken=${TOKEN}&a=1`
          const form = await ask([first, parser()], data, URLENCODED)
          expect(form.json<Echo>().post).to.deep.equal([
            ['csrfmiddlewaretoken', TOKEN],
            ['a', '1'],
          ])
          const multipart = `${part('name="csrfmiddlewaretoken"', TOKEN)}${MULTIPART}`
          const upload = (await ask([first, parser()], multipart, MULTIPART_TYPE)).json<Echo>()
          expect(upload.post.slice(1)).to.deep.equal([
            ['a', '1'],
            ['a', '2'],
            ['b', 'ü'],
          ])
          expect(upload.files).to.deep.equal(FILES)
        })
      }

      it('passes its result to the Koa middleware after it', async () => {
        const seen = async (data: string, type: string): Promise<unknown> => {
          const { headers } = await ask([parser(), shows], data, type)
          return JSON.parse(decodeURIComponent(headers['x-body'] as string)) as unknown
        }
        expect(await seen('a[b]=1', URLENCODED)).to.deep.equal({ a: { b: '1' } })
        expect(await seen('{"a":1}', 'application/json')).to.deep.equal({ a: 1 })
        expect(await seen('hello', 'text/plain')).to.deep.equal({})
      })
    })
  }

  it('keep the status of their own limits and refusals', async () => {
    const file = `${part(fileHead('doc', 'a.txt'), 'x'.repeat(100))}--X--\r\n`
    const big = `a=${'x'.repeat(100)}`
    for (const [middleware, data, type, status] of [
      [koaBodyParser({ formLimit: '50b' }), big, URLENCODED, 413],
      [bodyParser({ formLimit: '50b' }), big, URLENCODED, 413],
      [koaBody({ formLimit: '50b' }), big, URLENCODED, 413],
      [koaBodyParser(), '{', 'application/json', 400],
      [bodyParser(), '[1,', 'application/json', 400],
      [koaBody(), '{', 'application/json', 400],
      [koaBodyParser({ encoding: 'nonsense' }), big, URLENCODED, 415],
      [multer({ limits: { fileSize: 10 } }).any(), file, MULTIPART_TYPE, 413],
      [multer({ limits: { files: 0 } }).any(), file, MULTIPART_TYPE, 413],
      [multer().none(), file, MULTIPART_TYPE, 400],
      [multer().single('other'), file, MULTIPART_TYPE, 400],
      [koaBody({ multipart: true, formidable: { maxFileSize: 10 } }), file, MULTIPART_TYPE, 413],
    ] as const) {
      expect((await ask([middleware], data, type)).status, `${data.slice(0, 10)} ${status}`).to.equal(status)
    }
  })

  it('may return one file, like single() of @koa/multer, or a list', async () => {
    const one = `${part(fileHead('doc', 'a.txt'), 'x')}--X--\r\n`
    for (const middleware of [multer().single('doc'), multer().array('doc')]) {
      const { files } = (await ask([middleware], one, MULTIPART_TYPE)).json<Echo>()
      expect(files).to.deep.equal([['doc', 'a.txt', 'text/plain', 1, 'x']])
    }
  })

  it('may return a list with one entry at a large index, and deeply nested names, which are read quickly', async () => {
    const deep = `a${'[b]'.repeat(20_000)}`
    for (const name of ['a[4294967290]', deep]) {
      const parsed: Middleware = async ({ request, req }, next) => {
        for await (const _chunk of req) continue
        const levels = [...name.matchAll(/\[(\w+)\]/g)].toReversed()
        let value: unknown = '1'
        for (const [, key = ''] of levels) value = Object.assign(/^\d/.test(key) ? [] : {}, { [key]: value })
        Object.assign(request, { body: { a: value } })
        await next()
      }
      const { post } = (await ask([parsed], 'a=1', URLENCODED)).json<Echo>()
      expect(post.map(([, value]) => value)).to.deep.equal(['1'])
    }
  })
})
