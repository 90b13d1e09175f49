/** Bodies as views get them: forms, query strings, JSON and multipart, through the body reader itself. */
import { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import * as fc from 'fast-check'
import { BadRequest, SuspiciousOperation } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { parseFields, readBody } from '../../../../core/http/body.ts'
import { stateOf } from '../../../../core/http/request_state.ts'
import { safeFileName } from '../../../../core/http/uploaded_file.ts'
import { allowing, allowingAsync, type AnyDomain, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { edits, hostile, NASTY, shortOf } from '../strings.ts'

const FORM_WORDS = [
  'a=1',
  '&',
  '=',
  '&&',
  '%',
  '%41',
  '+',
  'csrfmiddlewaretoken=',
  '__proto__=1',
  'a[b]=1',
  ';',
  '%00',
  '%u1234',
]

/** The part of a request that the body reader uses. */
function requestOf(type: string | undefined, body: Buffer): HttpRequest {
  const req = Readable.from(body.length === 0 ? [] : [body]) as unknown as IncomingMessage
  req.headers = { 'content-length': String(body.length), ...(type !== undefined && { 'content-type': type }) }
  const res = { closed: true, destroyed: true, once() {} }
  return { method: 'POST', req, res } as unknown as HttpRequest
}

async function read(type: string | undefined, body: Buffer): Promise<HttpRequest | undefined> {
  const request = requestOf(type, body)
  const isRead = await allowingAsync([BadRequest, SuspiciousOperation], async () => {
    await readBody(request)
    return true
  })
  return isRead ? request : undefined
}

interface Multipart {
  readonly parts: readonly (readonly [name: string, filename: string | undefined, content: string])[]
  readonly boundary: string
  readonly change: (text: string) => string
  readonly type: (text: string) => string
}

function multipartBody({ parts, boundary }: Multipart): string {
  const written = parts.map(([name, filename, content]) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`
  })
  return `${written.join('')}--${boundary}--\r\n`
}

const isPlain = (text: string): boolean => /^[\w .-]*$/.test(text)

async function multipart(input: Multipart): Promise<void> {
  const body = multipartBody(input)
  const type = `multipart/form-data; boundary=${input.boundary}`
  const changed = input.change(body)
  const changedType = input.type(type)
  const request = await read(changedType, Buffer.from(changed))
  if (changed !== body || changedType !== type || !input.parts.flat().every((each) => isPlain(each ?? ''))) return
  // A value that contains the boundary ends its part: no client sends one.
  if (input.parts.some(([, , content]) => content.includes(`--${input.boundary}`))) return
  ensure(request !== undefined, 'a good form is refused')
  const { post, files } = stateOf(request as HttpRequest).body ?? {}
  const fields = input.parts
    .filter(([, filename]) => filename === undefined)
    .map(([name, , content]) => [name, content])
  ensure(JSON.stringify([...(post ?? [])]) === JSON.stringify(fields), 'the fields are others')
  for (const file of files?.values() ?? []) ensure(safeFileName(file.name) === file.name, 'a file has an unsafe name')
}

const word = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b c', 'x.txt', 'field-1'), weight: 4 },
  { arbitrary: fc.constantFrom(...NASTY), weight: 1 },
)
const MULTIPART_WORDS = [
  '--B',
  '--B--',
  '\r\n',
  '\r\n\r\n',
  'Content-Disposition: form-data',
  '; name="',
  '; filename="',
  "; filename*=utf-8''",
  'Content-Type: ',
  'Content-Transfer-Encoding: base64',
  '"',
  ';',
  ':',
]
const TYPE_WORDS = [
  '; boundary=',
  'boundary="B"',
  ';',
  '=',
  '"',
  'multipart/mixed',
  '; charset=utf-16',
  'application/json',
  'x-www-form-urlencoded',
  'text/plain',
  '/',
]

interface Form {
  readonly type: string
  readonly body: string
}

const TYPES = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'application/json',
  'text/plain',
  'application/xml',
  'multipart/form-data',
  'multipart/form-data; boundary=B',
  '',
  'a/b; charset="',
]

export const formDomains: readonly AnyDomain[] = [
  domain({
    name: 'query-strings',
    kind: 'in process',
    inputs: { short: 2000, long: 700_000 },
    open: () => holdSettings(),
    arbitrary: hostile({ words: FORM_WORDS }),
    check(text) {
      const fields = allowing([SuspiciousOperation], () => parseFields(text))
      for (const [name, value] of fields ?? [])
        ensure(typeof name === 'string' && typeof value === 'string', 'no strings')
    },
  }),
  domain<Form>({
    name: 'bodies',
    kind: 'in process',
    inputs: { short: 1000, long: 250_000 },
    open: () => holdSettings(),
    fixedMs: 20,
    arbitrary: fc.record({
      type: fc.oneof(
        { arbitrary: fc.constantFrom(...TYPES), weight: 5 },
        { arbitrary: shortOf([...TYPE_WORDS, ...TYPES]), weight: 2 },
      ),
      body: hostile({ words: [...FORM_WORDS, ...MULTIPART_WORDS] }),
    }),
    async check({ type, body }) {
      await read(type === '' ? undefined : type, Buffer.from(body))
    },
  }),
  domain<Multipart>({
    name: 'multipart',
    kind: 'in process',
    inputs: { short: 500, long: 150_000 },
    open: () => holdSettings(),
    fixedMs: 20,
    arbitrary: fc.record({
      parts: fc.array(
        fc.tuple(
          word,
          fc.option(word, { nil: undefined, freq: 3 }),
          fc.oneof({ arbitrary: word, weight: 20 }, { arbitrary: hostile({ words: MULTIPART_WORDS }), weight: 1 }),
        ),
        {
          maxLength: 4,
        },
      ),
      boundary: fc.constantFrom('B', 'x'.repeat(70), 'a-b'),
      change: edits(MULTIPART_WORDS),
      type: fc.oneof(
        { arbitrary: fc.constant((text: string) => text), weight: 4 },
        { arbitrary: edits(TYPE_WORDS), weight: 1 },
      ),
    }),
    check: multipart,
  }),
  domain({
    name: 'file-names',
    kind: 'in process',
    inputs: { short: 1000, long: 300_000 },
    arbitrary: hostile({ words: ['/', '\\', '..', '.', 'a.txt', 'C:', '\u202e', '\0'] }),
    check(name) {
      const safe = safeFileName(name)
      if (safe === undefined) return
      ensure(!/[/\\\p{C}]/u.test(safe) && !['', '.', '..'].includes(safe), 'the name is not safe')
    },
  }),
]
