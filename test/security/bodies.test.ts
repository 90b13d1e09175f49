/** A body of any type results in an empty form, 400 or 415, and never in 500. */
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { callCommand } from '#core/management'
import { Client, type ClientResponse, overrideSettings } from '#core/test'
import { captureLogs } from '#core/utils'

const SITE: Settings = { DEBUG: false, ROOT_URLCONF: 'test.security.bodies_site', MIDDLEWARE: [] }

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
const METHODS: readonly Method[] = ['get', 'post', 'put', 'patch', 'delete']

const URLENCODED = 'application/x-www-form-urlencoded'

/** Types that are neither forms nor JSON, as a client may write them. Undefined means no Content-Type. */
const OTHER_TYPES = [
  undefined,
  '',
  ';;;',
  '/',
  'x',
  'text/plain',
  'text/plain; charset=nonsense',
  'text/plain; charset=utf-16',
  'text/html',
  'text/xml',
  'application/xml',
  'application/soap+xml; charset=utf-8',
  'application/octet-stream',
  'application/x-www-form-urlencodedx',
  'application/jsonx',
  'multipart/mixed; boundary=X',
  'multipart/form-datax; boundary=X',
  'image/png',
  'application/wasm',
]

const BODIES = ['', 'a=1&name=tea', '{"a":1}', '<a>1</a>', '\u0000\uFFFD', '--X\r\n\r\n--X--\r\n']

const named = (type: string | undefined): string => (type === undefined ? 'no type' : JSON.stringify(type))

/** A Content-Type of undefined is removed, because the client sets one of its own. */
async function send(
  client: Client,
  path: string,
  type: string | undefined,
  data: string | Uint8Array = 'a=1',
  { method = 'post', headers = {} }: { method?: Method; headers?: Record<string, string> } = {},
): Promise<ClientResponse> {
  const given = type === undefined ? { 'x-no-type': '1' } : { 'content-type': type }
  return client[method](path, { data, headers: { ...given, ...headers } })
}

/** Removes the Content-Type if a test requires that. */
const withoutType: Middleware = async ({ req }, next) => {
  if (req.headers['x-no-type'] === '1') delete req.headers['content-type']
  await next()
}

describe('a body that is neither a form nor JSON', () => {
  let stop: () => void
  before(() => setup())
  beforeEach(() => (stop = captureLogs(() => {})))
  afterEach(() => stop())

  const on = <T>(fn: (client: Client) => Promise<T>, settings: Settings = {}): Promise<T> =>
    overrideSettings({ ...SITE, MIDDLEWARE: [withoutType], ...settings }, () => fn(new Client()))

  for (const type of OTHER_TYPES) {
    it(`of ${named(type)} gives an empty POST and no files, with every method`, () =>
      on(async (client) => {
        for (const method of METHODS) {
          for (const body of BODIES) {
            const response = await send(client, '/echo/', type, body, { method })
            expect(response.status, `${method} ${body}`).to.equal(200)
            expect(response.json()).to.deep.equal({ post: [], files: [] })
          }
        }
      }))

    it(`of ${named(type)} is 415 for a view that reads JSON, or the body without reading it`, () =>
      on(async (client) => {
        for (const method of METHODS) {
          for (const path of ['/json/', '/body/']) {
            expect((await send(client, path, type, '{"a":1}', { method })).status, method).to.equal(415)
          }
        }
      }))

    it(`of ${named(type)} can be read by the view, within the limit`, () =>
      on(
        async (client) => {
          expect((await send(client, '/read/', type, '<a>ü</a>')).text).to.equal('<a>ü</a>')
          expect((await send(client, '/read/', type, 'x'.repeat(101))).status).to.equal(400)
        },
        { DATA_UPLOAD_MAX_MEMORY_SIZE: 100 },
      ))
  }

  it('never causes a 500 at the pages of auth and of the shop', async function () {
    this.timeout(120_000)
    const settings: Settings = {
      DEBUG: false,
      DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' } },
      EMAIL_BACKEND: 'core.mail.backends.locmem.EmailBackend',
    }
    await overrideSettings(settings, async () => {
      await callCommand('migrate', { verbosity: 0 })
      const PAGES = {
        '/accounts/login/': 200,
        '/accounts/logout/': 302,
        '/accounts/password_reset/': 200,
        '/accounts/reset/MQ/set-password/': 200,
        '/shop/cart/add/': 404,
        '/shop/cart/remove/': 302,
        '/shop/register/': 200,
      }
      for (const [path, status] of Object.entries(PAGES)) {
        for (const type of OTHER_TYPES) {
          if (type === undefined) continue
          for (const method of METHODS) {
            const response = await send(new Client(), path, type, 'username=ada&name=tea', { method })
            expect(response.status, `${method} ${path} ${named(type)}`).to.be.below(500)
            if (method === 'post') expect(response.status, `${path} ${named(type)}`).to.equal(status)
          }
        }
      }
    })
  })

  it('is refused with 403 if a form needs its token', async () => {
    const settings: Settings = { ...SITE, MIDDLEWARE: ['core.middleware.csrf.CsrfViewMiddleware'] }
    await overrideSettings(settings, async () => {
      for (const type of ['text/plain', ';;;', 'application/xml']) {
        const client = new Client(undefined, { enforceCsrfChecks: true })
        client.cookies.set('csrftoken', 'a'.repeat(32))
        const response = await send(client, '/echo/', type, `csrfmiddlewaretoken=${'a'.repeat(32)}`)
        expect(response.status, type).to.equal(403)
      }
    })
  })

  it('keeps the status of 500 for an error of a view, with any `status` property', () =>
    on(async (client) => expect((await client.get('/fails/')).status).to.equal(500)))
})

describe('JSON', () => {
  let stop: () => void
  before(() => setup())
  beforeEach(() => (stop = captureLogs(() => {})))
  afterEach(() => stop())

  const ask = (type: string, data: string | Uint8Array, method: Method = 'post'): Promise<ClientResponse> =>
    overrideSettings(SITE, () => send(new Client(), '/json/', type, data, { method }))

  for (const type of [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; charset=nonsense',
    'application/json;;;',
    'application/problem+json',
    'application/csp-report',
  ]) {
    it(`of the type ${type} is read, with every method that has a body`, async () => {
      for (const method of ['post', 'put', 'patch', 'delete'] as const) {
        expect((await ask(type, '{"a":"ü"}', method)).json()).to.deep.equal({ json: { a: 'ü' } })
      }
    })
  }

  it('may start with a byte order mark', async () => {
    expect((await ask('application/json', '\uFEFF[1]')).json()).to.deep.equal({ json: [1] })
  })

  for (const body of ['', ' ', '{', '{"a":}', 'a=1', '\u0000', '\uFEFF\uFEFF1', "{'a':1}", 'NaN']) {
    it(`that is ${JSON.stringify(body)} is 400`, async () => {
      expect((await ask('application/json', body)).status).to.equal(400)
    })
  }

  it('that is not UTF-8 is 400, or 415 if its type declares another charset', async () => {
    expect((await ask('application/json', Buffer.from([0x22, 0xff, 0x22]))).status).to.equal(400)
    expect((await ask('application/json', Buffer.from('{"a":1}', 'utf16le'))).status).to.equal(400)
    expect((await ask('application/json; charset=utf-16', Buffer.from('{"a":1}', 'utf16le'))).status).to.equal(415)
    expect((await ask('application/json; charset=latin1', '"ü"')).status).to.equal(415)
  })

  it('is 415 if a form was sent', async () => {
    expect((await ask(URLENCODED, 'a=1')).status).to.equal(415)
    expect((await ask('multipart/form-data; boundary=X', '--X--\r\n')).status).to.equal(415)
  })

  it('nested 100,000 levels deep is read', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const status = await overrideSettings(
      { ...SITE, DATA_UPLOAD_MAX_MEMORY_SIZE: null },
      async () => (await send(new Client(), '/echo/', 'application/json', deep)).status,
    )
    expect(status).to.equal(200)
  })
})

describe('a form', () => {
  let stop: () => void
  before(() => setup())
  beforeEach(() => (stop = captureLogs(() => {})))
  afterEach(() => stop())

  const ask = (type: string, data: string | Uint8Array, settings: Settings = {}, path = '/echo/') =>
    overrideSettings({ ...SITE, ...settings }, () => send(new Client(), path, type, data))

  it('in an unknown charset is read as UTF-8, as in Django', async () => {
    for (const charset of ['nonsense', 'x', '', '"', 'utf8', 'UTF_8', '"utf-8"']) {
      const response = await ask(`${URLENCODED}; charset=${charset}`, 'a=%C3%BC')
      expect(response.json(), charset).to.deep.equal({ post: [['a', 'ü']], files: [] })
    }
  })

  it('in another charset is 400', async () => {
    for (const charset of ['latin1', 'utf-16', 'utf-16le', 'shift_jis', 'windows-1252']) {
      expect((await ask(`${URLENCODED}; charset=${charset}`, 'a=1')).status, charset).to.equal(400)
    }
  })

  it('of a malformed multipart type is 400', async () => {
    for (const rest of [
      '',
      ';',
      '; boundary',
      '; boundary=',
      '; boundary=""',
      ';;;',
      '; charset=x',
      `; boundary=${'x'.repeat(300)}`,
    ]) {
      expect((await ask(`multipart/form-data${rest}`, '--X--\r\n')).status, rest).to.equal(400)
    }
  })

  it('is 415 for a view that reads the bytes of the body after the form was parsed', async () => {
    const type = 'multipart/form-data; boundary=X'
    const body = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X--\r\n'
    expect((await ask(type, body, {}, '/body/')).status).to.equal(415)
    expect((await ask(URLENCODED, 'a=1', {}, '/body/')).text).to.equal('a=1')
  })

  it('that is compressed is 415, and never unpacked', async () => {
    const bomb = gzipSync(`a=${'x'.repeat(1_000_000)}`)
    for (const type of [URLENCODED, 'application/json', 'multipart/form-data; boundary=X']) {
      for (const encoding of ['gzip', 'GZIP', 'br', 'deflate', 'x-unknown', 'identity, gzip']) {
        const headers = { 'content-encoding': encoding }
        const response = await overrideSettings(SITE, () => send(new Client(), '/echo/', type, bomb, { headers }))
        expect(response.status, `${type} ${encoding}`).to.equal(415)
      }
    }
    const plain = await overrideSettings(SITE, () =>
      send(new Client(), '/echo/', URLENCODED, 'a=1', { headers: { 'content-encoding': 'identity' } }),
    )
    expect(plain.json()).to.deep.equal({ post: [['a', '1']], files: [] })
  })

  it('is counted before it is decoded, even if its fields are empty', async () => {
    const settings: Settings = { DATA_UPLOAD_MAX_NUMBER_FIELDS: 3, DATA_UPLOAD_MAX_MEMORY_SIZE: null }
    for (const body of ['&&&', '====&=&=&=', 'a&a&a&a', '&'.repeat(10_000_000)]) {
      expect((await ask(URLENCODED, body, settings)).status, body.slice(0, 20)).to.equal(400)
    }
    for (const [body, post] of [
      ['&&', []],
      ['==', [['', '=']]],
      ['=', [['', '']]],
      [
        'a=1&=2&b',
        [
          ['a', '1'],
          ['', '2'],
          ['b', ''],
        ],
      ],
    ] as const) {
      expect((await ask(URLENCODED, body, settings)).json(), body).to.deep.equal({ post, files: [] })
    }
  })
})
