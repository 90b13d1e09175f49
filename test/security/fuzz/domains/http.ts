/** Requests over sockets to a production server and to one with DEBUG: each gets one proper response below 500. */
import * as fc from 'fast-check'
import { type AnyDomain, type Domain, domain, ensure } from '../domain.ts'
import { headerOf, RawClient, type RawResponse } from '../server/client.ts'
import { serverOf, type ServerKind } from '../server/server.ts'
import { edits, hostile, jsonish, repeated, shortOf, utf8, wellFormed } from '../strings.ts'

/** Header lines and body of a request, as characters up to U+00FF. */
export interface RequestInput {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

const clients = new Map<ServerKind, RawClient>()

function clientOf(kind: ServerKind): RawClient {
  let client = clients.get(kind)
  if (client === undefined) clients.set(kind, (client = new RawClient(serverOf(kind))))
  return client
}

async function openServer(kind: ServerKind): Promise<() => void> {
  await serverOf(kind).port()
  return () => clientOf(kind).close()
}

async function settle(kind: ServerKind): Promise<void> {
  const [incident] = await serverOf(kind).incidents()
  if (incident !== undefined) throw new Error(incident)
}

function bytesOf({ method, target, headers, body }: RequestInput): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = body === '' && method === 'GET' ? '' : `Content-Length: ${body.length}\r\n`
  return `${method} ${target} HTTP/1.1\r\n${lines}${length}\r\n${body}`
}

/** Responses that are always wrong. 503 is allowed for a full queue. */
function judge(response: RawResponse): void {
  const { status } = response
  ensure(status < 500 || status === 503, `the response is ${status}`)
  ensure(headerOf(response, 'x-injected') === undefined, 'a header was injected')
  ensure(!response.headers.some(([, value]) => value.startsWith('injected=')), 'a cookie was injected')
}

// oxlint-disable-next-line no-control-regex
const BREAKS = /[\r\n]/

/** Ends a connection whose requests cannot be counted. */
const LAST = '\r\n\r\nGET /below/end HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n'

/** One request gets one response; bytes that may be several requests get proper ones. */
async function ask(kind: ServerKind, input: RequestInput): Promise<readonly RawResponse[]> {
  const client = clientOf(kind)
  const mayBeSeveral =
    BREAKS.test(input.method + input.target) || input.headers.flat().some((each) => BREAKS.test(each))
  const responses = mayBeSeveral
    ? await client.conversation(bytesOf(input) + LAST)
    : [await client.exchange(bytesOf(input), input.method === 'HEAD')]
  for (const response of responses) judge(response)
  return responses
}

const HOST = ['Host', 'testserver'] as const
const SECRET = 'abcdefghijklmnopqrstuvwxyzABCDEF'
const CSRF_COOKIE = ['Cookie', `csrftoken=${SECRET}`] as const

const PATHS = [
  '/',
  '/form/',
  '/guarded/',
  '/api/',
  '/raw/',
  '/session/',
  '/notes/',
  '/signed/',
  '/cache/',
  '/go/',
  '/away/',
  '/address/',
  '/members/',
  '/item/5/a-b/',
  '/below/x',
  '/year/2026/x',
  '/accounts/login/',
  '/accounts/logout/',
  '/accounts/password_reset/',
  '/accounts/password_change/',
  '/accounts/reset/MQ/d5x8kq-0123456789abcdef/',
  '/accounts/reset/done/',
  '/static/a.css',
  '/nowhere',
]

const TARGET_WORDS = [
  ...PATHS,
  'http://',
  'http://a]b/',
  'http://testserver',
  '//',
  '//user@host#x',
  '@',
  ':80',
  '*',
  '?',
  '#',
  '[',
  ']',
  '..',
  '%',
  '%2f',
  '%00',
  '%zz',
  '%C3%A9',
  '\\',
  '^',
  '|',
  '{',
  '}',
  '`',
  '"',
  '<',
  '>',
  'null',
  'javascript:',
  'file:///etc/passwd',
  '?next=//evil.example',
  '?q=',
]

const method = fc.oneof(
  { arbitrary: fc.constant('GET'), weight: 6 },
  { arbitrary: fc.constantFrom('HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND'), weight: 2 },
)

const text = (words: readonly string[], longest = 12_000): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: shortOf(words), weight: 6 }, { arbitrary: hostile({ words, longest }), weight: 1 })

const raw = (words: readonly string[], longest?: number): fc.Arbitrary<string> => text(words, longest).map(utf8)

const target = fc.oneof(
  { arbitrary: fc.tuple(fc.constantFrom(...PATHS), raw(TARGET_WORDS)).map(([path, rest]) => path + rest), weight: 2 },
  { arbitrary: raw(TARGET_WORDS), weight: 2 },
)

/** Fields in a query or form: mostly encoded as by a browser, sometimes raw. */
const query = (words: readonly string[], longest: number): fc.Arbitrary<string> => {
  const encoded = text(words, longest).map((value) => encodeURIComponent(wellFormed(value)))
  const value = fc.oneof(
    { arbitrary: encoded, weight: 6 },
    { arbitrary: shortOf(['%zz', '%', '%00', '+', '&', '=', ';', 'a']), weight: 1 },
  )
  const name = fc.oneof(
    {
      arbitrary: fc.constantFrom(
        'q',
        'next',
        'tags',
        'show',
        'username',
        'password',
        'email',
        'page',
        'old_password',
        'new_password1',
        'new_password2',
        'csrfmiddlewaretoken',
      ),
      weight: 6,
    },
    { arbitrary: encoded, weight: 1 },
  )
  return fc
    .array(fc.tuple(name, value), { maxLength: 4 })
    .map((list) => list.map(([each, its]) => `${each}=${its}`).join('&'))
}

const VALUES = [
  '//evil.example',
  '/members/',
  '\\evil',
  'javascript:alert(1)',
  '\r\nX-Injected: 1',
  '\u0315\u0316',
  'a',
  '<script>',
  "'",
  '"',
  '{{ x }}',
  '\0',
  '\u202e',
  'ada',
  'ada@example.com',
  'correct horse battery',
  '<1><!--',
]

const HEADER_NAMES = [
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'If-None-Match',
  'If-Modified-Since',
  'If-Match',
  'If-Unmodified-Since',
  'Range',
  'Origin',
  'Referer',
  'User-Agent',
  'X-CSRFToken',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'Authorization',
  'Cookie',
  'Content-Type',
  'X-Requested-With',
  'Upgrade',
  'Forwarded',
  'Cache-Control',
  'Content-Encoding',
]
const HEADER_WORDS = [
  'text/html',
  '*/*',
  ';q=0.5',
  ';q=',
  ',',
  ' ',
  'gzip',
  'br',
  'identity',
  'W/"a"',
  '"a"',
  '*',
  'Sun, 06 Nov 1994 08:49:37 GMT',
  'bytes=0-',
  'bytes=5-1',
  'null',
  'http://testserver',
  'http://testserver/x',
  'https://evil.example',
  'http://[',
  'Basic ',
  'sessionid=',
  'csrftoken=',
  '=',
  ';',
  'a=b',
  'application/json',
  'websocket',
  'h2c',
]

const COOKIE_WORDS = [
  'sessionid=',
  'csrftoken=',
  'messages=',
  'choice=',
  SECRET,
  '; ',
  ';',
  '=',
  '"',
  '\\"',
  '\\073',
  '.eJ',
  ':1w8Nqz:',
  'abcdefghijklmnopqrstuvwxyz012345',
  '__proto__=1',
  '$Version=1',
  ',',
]

const HOST_WORDS = [
  'testserver',
  'a.example.com',
  'evil.example',
  '.',
  ':80',
  ':',
  ':99999',
  '[::1]',
  '[',
  ']',
  '@',
  '/',
  '?',
  '#',
  '%',
  'é',
  ' ',
  '\t',
  ',',
  'testserver:x',
  'xn--',
]

const TYPES = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded',
  'application/json',
  'text/plain',
  'application/xml',
  'multipart/form-data; boundary=B',
  'multipart/form-data',
  'application/octet-stream',
  'application/x-www-form-urlencoded; charset=utf-16',
  '',
]

const POSTS = [
  '/form/',
  '/guarded/',
  '/api/',
  '/raw/',
  '/session/',
  '/notes/',
  '/signed/',
  '/cache/',
  '/accounts/login/',
  '/accounts/logout/',
  '/accounts/password_reset/',
  '/accounts/password_change/',
  '/accounts/reset/MQ/set-password/',
  '/nowhere',
  '/members/',
  '/go/',
]

const asPost = (path: string, type: string, body: string): RequestInput => ({
  method: 'POST',
  target: path,
  headers: [HOST, CSRF_COOKIE, ...(type === '' ? [] : [['Content-Type', type] as const])],
  body,
})

const token = `csrfmiddlewaretoken=${SECRET}`

const formPost = fc
  .tuple(fc.constantFrom(...POSTS), fc.constantFrom(...TYPES), query(VALUES, 60_000))
  .map(([path, type, body]) => asPost(path, type, body === '' ? '' : `${token}&${body}`))

const part = fc
  .tuple(
    fc.constantFrom('q', 'file', 'username', 'a"b', ''),
    fc.oneof(fc.constant(''), shortOf(['a.txt', '../', '\\', '"', '\u202e', '\0', '.'])),
    text(VALUES, 40_000),
  )
  .map(
    ([name, filename, value]) =>
      `--B\r\nContent-Disposition: form-data; name="${name}"${filename === '' ? '' : `; filename="${filename}"`}\r\n\r\n${value}\r\n`,
  )

const MULTIPART_WORDS = [
  '--B',
  '--B--',
  '\r\n',
  '\r\n\r\n',
  'Content-Disposition: form-data',
  '; name=',
  '"',
  'Content-Type: ',
  "; filename*=utf-8''",
]

const multipartPost = fc
  .tuple(
    fc.constantFrom('/form/', '/raw/', '/notes/', '/accounts/login/', '/guarded/'),
    fc.array(part, { maxLength: 4 }),
    edits(MULTIPART_WORDS),
    fc.boolean(),
  )
  .map(([path, parts, change, isChanged]) => {
    const body = `${parts.join('')}--B--\r\n`
    return asPost(path, 'multipart/form-data; boundary=B', utf8(isChanged ? change(body) : body))
  })

const nested = fc
  .tuple(fc.constantFrom('[', '{"a":', '[1.0,'), fc.integer({ min: 1, max: 20_000 }))
  .map(([open, depth]) => open.repeat(depth) + '1' + (open.startsWith('[') ? ']' : '}').repeat(depth))

const jsonPost = fc
  .tuple(
    fc.constantFrom('/api/', '/session/', '/raw/', '/accounts/login/'),
    fc.constantFrom('application/json', 'application/json; charset=utf-8', 'application/vnd.api+json', 'text/plain'),
    fc.oneof(
      {
        arbitrary: fc
          .tuple(jsonish, edits(['{', '}', '[', ']', ',', '"', '\\u', '1.0', 'NaN']))
          .map(([value, change]) => change(JSON.stringify(value))),
        weight: 60,
      },
      { arbitrary: text(['{', '}', '[', ']', ':', ',', '"', '1e5'], 60_000), weight: 20 },
      { arbitrary: nested, weight: 2 },
    ),
  )
  .map(([path, type, body]) => asPost(path, type, utf8(body)))

const RAW_WORDS = [
  'GET / HTTP/1.1',
  'POST /form/ HTTP/1.1',
  '\r\n',
  '\r\n\r\n',
  '\n',
  'Host: testserver',
  'Host: evil.example',
  'Content-Length: 5',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  'Expect: 100-continue',
  'Connection: close',
  'Upgrade: h2c',
  ' HTTP/1.0',
  ' HTTP/9.9',
  'Cookie: a=b',
  '\t',
  ':',
  'ffffffffffffffff\r\n',
]

/** Valid requests that are mutated. */
const SEEDS = [
  'GET / HTTP/1.1\r\nHost: testserver\r\n\r\n',
  'POST /form/ HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\nq=1',
  'POST /raw/ HTTP/1.1\r\nHost: testserver\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET /address/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n',
]

function http<T>(
  definition: Pick<Domain<T>, 'name' | 'inputs' | 'arbitrary'> & {
    readonly server?: ServerKind
    readonly fixedMs?: number
  },
  check: (kind: ServerKind, input: T) => Promise<unknown>,
): AnyDomain {
  const { server = 'production', ...rest } = definition
  return domain<T>({
    fixedMs: 150,
    ...rest,
    kind: 'http',
    parallel: 8,
    open: () => openServer(server),
    settle: () => settle(server),
    cpuMs: () => serverOf(server).cpuMs(),
    async check(input) {
      await check(server, input)
    },
  })
}

const get = (path: string, more: readonly (readonly [string, string])[] = []): RequestInput => ({
  method: 'GET',
  target: path,
  headers: [HOST, ...more],
  body: '',
})

/** A redirect must stay on the site. */
async function stays(kind: ServerKind, input: RequestInput): Promise<void> {
  const responses = await ask(kind, input)
  if (!input.target.startsWith('/go/')) return
  for (const response of responses) {
    const location = headerOf(response, 'location')
    if (location === undefined || !URL.canParse(location, 'http://testserver/go/')) continue
    ensure(
      new URL(location, 'http://testserver/go/').hostname === 'testserver',
      `a browser would leave for ${location}`,
    )
  }
}

/** The debug page must be the page itself, and not its fallback for errors. */
async function debugPage(kind: ServerKind, input: RequestInput): Promise<void> {
  const isFailing = input.target.startsWith('/failing/')
  if (!isFailing) return void (await ask(kind, input))
  const response = await clientOf(kind).exchange(bytesOf(input))
  if (response.status !== 500) return judge(response)
  ensure(
    headerOf(response, 'content-encoding') !== undefined || response.body.includes('failed on purpose'),
    'the debug page has failed',
  )
}

/** Several requests on one connection, without waiting: as many responses, in order. */
async function pipeline(kind: ServerKind, inputs: readonly RequestInput[]): Promise<void> {
  const marked = inputs.map((input, i) => [input, get(`/below/marker-${i}`)]).flat()
  const last = get('/below/end', [['Connection', 'close']])
  const responses = await clientOf(kind).conversation([...marked, last].map(bytesOf).join(''), 10_000)
  for (const response of responses) judge(response)
  const markers = responses
    .map(({ body }) => /^\/below\/(marker-\d+|end)$/.exec(body)?.[1])
    .filter((each) => each !== undefined)
  ensure(responses.length === marked.length + 1, `${marked.length + 1} requests got ${responses.length} responses`)
  ensure(
    markers.join() ===
      [...inputs.keys()]
        .map((i) => `marker-${i}`)
        .concat('end')
        .join(),
    'the responses are not in order',
  )
}

export const httpDomains: readonly AnyDomain[] = [
  http<RequestInput>(
    {
      name: 'request-targets',
      inputs: { short: 1500, long: 120_000 },
      arbitrary: fc.record({ method, target, headers: fc.constant([HOST]), body: fc.constant('') }),
    },
    ask,
  ),
  http<RequestInput>(
    {
      name: 'host-headers',
      inputs: { short: 500, long: 50_000 },
      arbitrary: fc
        .tuple(
          fc.constantFrom('/address/', '/', '/accounts/password_reset/', '/members'),
          fc.array(raw(HOST_WORDS, 6000), { maxLength: 2, minLength: 1 }),
        )
        .map(([path, hosts]) => ({
          method: 'GET',
          target: path,
          headers: hosts.map((each) => ['Host', each] as const),
          body: '',
        })),
    },
    ask,
  ),
  http<RequestInput>(
    {
      name: 'cookie-headers',
      inputs: { short: 500, long: 50_000 },
      arbitrary: fc
        .tuple(
          fc.constantFrom('/', '/session/', '/signed/', '/notes/?show=1', '/members/', '/guarded/'),
          raw(COOKIE_WORDS),
        )
        .map(([path, cookie]) => get(path, [['Cookie', cookie]])),
    },
    ask,
  ),
  http<RequestInput>(
    {
      name: 'other-headers',
      inputs: { short: 500, long: 50_000 },
      arbitrary: fc
        .tuple(
          method,
          fc.constantFrom(...PATHS),
          fc.array(fc.tuple(fc.constantFrom(...HEADER_NAMES), raw(HEADER_WORDS)), { maxLength: 3 }),
        )
        .map(([verb, path, headers]) => ({ method: verb, target: path, headers: [HOST, ...headers], body: '' })),
    },
    ask,
  ),
  http<RequestInput>(
    {
      name: 'queries',
      inputs: { short: 700, long: 50_000 },
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            '/',
            '/session/',
            '/notes/',
            '/signed/',
            '/cache/',
            '/go/',
            '/away/',
            '/address/',
            '/accounts/login/',
          ),
          query(VALUES, 5000),
        )
        .map(([path, fields]) => get(`${path}?${fields}`)),
    },
    stays,
  ),
  http<RequestInput>({ name: 'form-posts', inputs: { short: 700, long: 50_000 }, arbitrary: formPost }, ask),
  http<RequestInput>({ name: 'multipart-posts', inputs: { short: 400, long: 30_000 }, arbitrary: multipartPost }, ask),
  http<RequestInput>({ name: 'json-posts', inputs: { short: 500, long: 40_000 }, arbitrary: jsonPost }, ask),
  http<string>(
    {
      name: 'raw-requests',
      inputs: { short: 200, long: 10_000 },
      fixedMs: 3000,
      arbitrary: fc.oneof(
        {
          arbitrary: fc.tuple(fc.constantFrom(...SEEDS), edits(RAW_WORDS)).map(([seed, change]) => utf8(change(seed))),
          weight: 5,
        },
        { arbitrary: raw(RAW_WORDS, 20_000), weight: 1 },
        {
          arbitrary: repeated(['X: y\r\n', 'GET / HTTP/1.1\r\n\r\n'], 20_000).map(
            (lines) => `GET / HTTP/1.1\r\n${lines}\r\n`,
          ),
          weight: 1,
        },
      ),
    },
    async (kind, bytes) => {
      for (const response of await clientOf(kind).conversation(bytes + LAST)) judge(response)
    },
  ),
  http<readonly RequestInput[]>(
    {
      name: 'pipelines',
      inputs: { short: 100, long: 8000 },
      fixedMs: 500,
      arbitrary: fc.array(
        fc.oneof(
          fc.constantFrom(...PATHS).map((path) => get(path)),
          fc.oneof(formPost, jsonPost),
        ),
        { minLength: 1, maxLength: 5 },
      ),
    },
    pipeline,
  ),
  http<RequestInput>(
    {
      name: 'debug-pages',
      server: 'debug',
      inputs: { short: 300, long: 30_000 },
      arbitrary: fc.oneof(
        fc
          .tuple(
            fc.constantFrom('/failing/', '/nowhere', '/away/', '/address/'),
            query(VALUES, 5000),
            raw(HEADER_WORDS, 3000),
            raw(COOKIE_WORDS, 3000),
          )
          .map(([path, fields, accept, cookie]) =>
            get(`${path}?${fields}`, [
              ['Accept', accept.replaceAll(/[\r\n]/g, '')],
              ['Cookie', cookie.replaceAll(/[\r\n]/g, '')],
            ]),
          ),
        fc.record({ method: fc.constant('GET'), target, headers: fc.constant([HOST]), body: fc.constant('') }),
        formPost,
      ),
    },
    debugPage,
  ),
]
