/** Headers: Host, entity tags, dates, languages of conditions, and a response's own headers. */
import * as fc from 'fast-check'
import { BadHeaderError, HttpResponse, patchCacheControl, patchVaryHeaders, ResponseHeaders } from '#core/http'
import { httpDate, isAllowedHost, parseEtags, parseHttpDate, quoteEtag, splitDomainPort } from '#core/web'
import { contentDisposition } from '../../../../core/http/streaming.ts'
import { allowing, type AnyDomain, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { hostile, mutated, shortOf } from '../strings.ts'

const HOST_WORDS = [
  'testserver',
  'a.example.com',
  '.example.com',
  '.',
  ':80',
  ':',
  '[::1]',
  '[',
  ']',
  '@',
  'EXAMPLE.com',
  '127.0.0.1',
  ':99999',
  '%',
  '/',
  '..',
]
const ALLOWED = ['testserver', '.example.com', '[::1]']

function host(text: string): void {
  const { domain, port } = splitDomainPort(text)
  if (domain === '') return
  ensure(/^(?:[a-z0-9.-]+|\[[a-f0-9:.]+\])$/.test(domain), 'the domain holds other characters')
  ensure(/^[0-9]*$/.test(port), 'the port is no number')
  if (!isAllowedHost(domain, ALLOWED)) return
  const isOurs =
    domain === 'testserver' || domain === 'example.com' || domain.endsWith('.example.com') || domain === '[::1]'
  ensure(isOurs, 'a foreign host is allowed')
}

const DATE_WORDS = [
  'Sun, 06 Nov 1994 08:49:37 GMT',
  'Sunday, 06-Nov-94 08:49:37 GMT',
  'Sun Nov  6 08:49:37 1994',
  'Feb',
  '29',
  '99',
  ' ',
  ',',
  ':',
  'GMT',
  '-',
]

function date(text: string): void {
  const seconds = parseHttpDate(text)
  if (seconds !== undefined)
    ensure(parseHttpDate(httpDate(seconds)) === seconds || seconds >= 253_402_300_800, 'the date is another')
}

const TAG_WORDS = ['"a"', 'W/"a"', '*', ',', ' ', '"', 'W/', '""', "'"]

function tags(header: string): void {
  for (const tag of parseEtags(header)) {
    ensure(tag === '*' || quoteEtag(tag) === tag, 'a tag is none')
  }
}

// oxlint-disable-next-line no-control-regex
const BREAKS = /[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/

function responseHeader([name, value]: readonly [string, string]): void {
  const headers = new ResponseHeaders()
  if (allowing([BadHeaderError], () => headers.set(name, value)) === undefined) return
  for (const [key, text] of headers) {
    ensure(/^[\w!#$%&'*+\-.^`|~]+$/.test(key), 'a name that is none was taken')
    ensure(!BREAKS.test(text), 'a value would break out of its line')
  }
}

function disposition(filename: string): void {
  const headers = new ResponseHeaders().set('Content-Disposition', contentDisposition(true, filename) ?? '')
  const header = headers.get('Content-Disposition') ?? ''
  ensure(!BREAKS.test(header), 'Content-Disposition would break out of its line')
  const quoted = /filename="((?:\\.|[^"\\])*)"$/.exec(header)
  ensure(
    header === 'attachment' || header.includes("filename*=utf-8''") || quoted !== null,
    'the file name is not closed',
  )
}

function caching([vary, control]: readonly [string, string]): void {
  allowing([BadHeaderError], () => {
    const response = new HttpResponse('')
    response.headers.set('Vary', vary).set('Cache-Control', control)
    patchVaryHeaders(response, ['Cookie', 'Accept'])
    patchCacheControl(response, { private: true, maxAge: 5 })
    for (const [, text] of response.headers) ensure(!BREAKS.test(text), 'a value would break out of its line')
    return response
  })
}

export const headerDomains: readonly AnyDomain[] = [
  domain({
    name: 'hosts',
    kind: 'in process',
    inputs: { short: 2000, long: 800_000 },
    arbitrary: fc.oneof(hostile({ words: HOST_WORDS }), shortOf(HOST_WORDS)),
    check: host,
  }),
  domain({
    name: 'http-dates',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    arbitrary: fc.oneof(
      mutated(fc.constantFrom(...DATE_WORDS.slice(0, 3)), DATE_WORDS),
      hostile({ words: DATE_WORDS, longest: 20_000 }),
    ),
    check: date,
  }),
  domain({
    name: 'etags',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    arbitrary: fc.oneof(hostile({ words: TAG_WORDS }), shortOf(TAG_WORDS)),
    check: tags,
  }),
  domain<readonly [string, string]>({
    name: 'response-headers',
    kind: 'in process',
    inputs: { short: 1500, long: 500_000 },
    arbitrary: fc.tuple(
      fc.oneof(
        { arbitrary: fc.constantFrom('X-A', 'Location', 'Set-Cookie'), weight: 3 },
        { arbitrary: hostile({ longest: 3000 }), weight: 1 },
      ),
      hostile(),
    ),
    check: responseHeader,
  }),
  domain({
    name: 'content-disposition',
    kind: 'in process',
    inputs: { short: 500, long: 200_000 },
    open: () => holdSettings(),
    arbitrary: hostile({ words: ['"', '\\', '.pdf', 'é', ';', '%'] }),
    check: disposition,
  }),
  domain<readonly [string, string]>({
    name: 'cache-headers',
    kind: 'in process',
    inputs: { short: 500, long: 200_000 },
    open: () => holdSettings(),
    arbitrary: fc.tuple(
      hostile({ words: ['Cookie', ', ', '*', 'Accept'], longest: 20_000 }),
      hostile({ words: ['max-age=', '5', 'private', 'public', 'no-cache="a"', ', ', '='], longest: 20_000 }),
    ),
    check: caching,
  }),
]
