/** Client input is processed in linear time. */
import { expect } from 'chai'
import { loadSettings } from '#core/conf'
import { parseCookies, quoteUri, splitUrl, urlHasAllowedHostAndScheme } from '#core/web'
import { parseJson } from '#core/serialization'
import { rewriterFor } from '../../core/contrib/staticfiles/references.ts'
import { acceptsOf, contentTypeOf, HttpResponse, patchVaryHeaders } from '#core/http'
import { compressionFor } from '../../core/middleware/gzip.ts'
import { addressList, bareAddress } from '../../core/mail/mime.ts'
import { logicFilters, stringFilters } from '../../core/template/filters/strings.ts'
import { numberFilters } from '../../core/template/filters/numbers.ts'
import { dateFilters } from '../../core/template/filters/dates.ts'
import type { Filter } from '../../core/template/library.ts'
import { tokenize, words } from '../../core/template/syntax/lexer.ts'
import { base62Decode } from '../../core/serialization/numbers.ts'
import { parseEtags, parseHttpDate } from '../../core/web/header_values.ts'
import { loadsPickle } from '../../core/serialization/pickle/reader.ts'
import { maskUrlPasswords } from '../../core/utils/secrets.ts'
import { framesOf } from '../../core/views/debug/frames.ts'
import { maskField, maskQuery, maskSource } from '../../core/views/debug/mask.ts'
import { engineOf } from '../template/render.ts'
import { expectLinear, type Family } from './growth.ts'

const CHARACTERS: readonly Family[] = [
  ' ',
  '\t',
  '\n',
  ' \n',
  '\r\n',
  '-',
  '_',
  '-_',
  '0',
  '9',
  '1.',
  '.',
  ',',
  ';',
  '=',
  '&',
  '?',
  '?a',
  '/',
  ':',
  '@',
  '<',
  '<a',
  '<a>',
  '<<a>',
  '<1><!--‹!--',
  '<!--',
  '<!',
  '</',
  '<a x="',
  '<a x=\'"',
  '>',
  '<>',
  '--!  ',
  '<? ',
  '"',
  "'",
  '\\',
  '\\"',
  '"\\',
  '{{',
  '{{ " ',
  '{{ \\"}}',
  '{%',
  '{#',
  '}}',
  '{{ }}',
  '%',
  '%41',
  '\u0315\u0316',
  'a',
  'A',
  'a ',
  'a@b,',
  'a<b>',
  'http://a:',
  '://',
  'a://b:c@',
  'token',
  'token=',
  'é',
  '\ud83d\ude00',
  '\0',
  'at (/',
  ' (/',
  ':1',
  'url(',
  'url("',
  "url('",
  '@import "',
  'import ',
  'import from',
  '/*',
  '/*\n',
  '//\n',
].flatMap((repeated) => [
  { repeated },
  { start: 'a', repeated, end: 'a' },
  { start: '<', repeated, end: '!' },
  { start: '"', repeated, end: '\0' },
])

const SPECIAL: Readonly<Record<string, readonly Family[]>> = {
  'accepts: types': [
    { start: 'a/b;x="', repeated: ',' },
    { start: 'a/b;x="', repeated: ';' },
    { start: 'a/b;x="', repeated: 'a/b,', end: '"' },
    { repeated: 'text/html;x="",' },
  ],
  addressList: [
    { start: '', repeated: ' ', end: '<' },
    { start: ' '.repeat(3000) + '<', repeated: ' ' },
  ],
  maskSource: [{ repeated: 'PASSWORD ' }, { start: 'KEY', repeated: ' ', end: '="x' }, { repeated: 'KEY="' }],
  pickle: [
    { start: 'F', repeated: '1', end: '\n.' },
    { start: 'F', repeated: '1', end: 'x\n.' },
    { start: 'I', repeated: '1', end: '\n.' },
    { start: 'L', repeated: '1', end: 'L\n.' },
    { start: "S'", repeated: '\\', end: "'\n." },
    { start: 'V', repeated: '\\u', end: '\n.' },
    { start: 'g', repeated: '1', end: '\n.' },
  ],
  parseJson: [
    { repeated: '[ ' },
    { start: '[', repeated: '1,' },
    { start: '[', repeated: ' ', end: '1.5]' },
    { start: '"', repeated: '1' },
  ],
  date: 'eTIrPcU'.split('').map((repeated) => ({ repeated })),
  frames: [
    { start: 'Error\n    at a', repeated: ' (/', end: ':1:2' },
    { start: '    at /', repeated: ':1' },
  ],
}

const filtered = (filter: Filter | undefined, ...args: unknown[]): ((text: string) => unknown) => {
  if (filter === undefined) throw new Error('There is no such filter.')
  return (text) => filter(text, ...args)
}

const ofFilters = Object.fromEntries(
  Object.entries({ ...stringFilters, floatformat: numberFilters.floatformat, get_digit: numberFilters.get_digit }).map(
    ([name, filter]) => [`the filter ${name}`, filtered(filter, '3', { autoescape: true })] as const,
  ),
)

const FUNCTIONS: Readonly<Record<string, (text: string) => unknown>> = {
  ...ofFilters,
  'accepts: charsets': (header) => acceptsOf({ 'accept-charset': header }).charsets(['utf-8']),
  'accepts: encodings': (header) => acceptsOf({ 'accept-encoding': header }).encodings(['gzip', 'br']),
  'accepts: languages': (header) => acceptsOf({ 'accept-language': header }).languages(['de', 'en']),
  'accepts: types': (header) => acceptsOf({ accept: header }).types(['text/html', 'json']),
  compressionFor: (header) => compressionFor(header, true),
  'the filter yesno': filtered(logicFilters.yesno),
  'the filter date': (format) => dateFilters.date?.(new Date(0), format),
  addressList: (text) => addressList([text]),
  bareAddress,
  base62Decode,
  contentTypeOf,
  frames: (stack) => framesOf(Object.assign(new Error(''), { stack })),
  'lexer: tokenize': tokenize,
  'lexer: words': words,
  maskField: (text) => maskField('a', text),
  maskQuery,
  maskSource,
  maskUrlPasswords: (text) => maskUrlPasswords(text, '***'),
  parseCookies,
  parseEtags,
  parseHttpDate,
  parseJson,
  patchVaryHeaders: (text) => patchVaryHeaders(new HttpResponse(), text.split(',')),
  pickle: loadsPickle,
  quoteUri,
  'references of CSS': (text) => rewriterFor('a.css', { modules: true })?.rewrite(text, () => undefined),
  'references of JavaScript': (text) => rewriterFor('a.js', { modules: true })?.rewrite(text, () => undefined),
  splitUrl,
  urlHasAllowedHostAndScheme: (text) => urlHasAllowedHostAndScheme(text, ['a']),
}

/** Compares each pair of characters. */
function pairs(text: string): number {
  let equal = 0
  for (let i = 0; i < text.length; i++) for (let j = 0; j < i; j += 2) if (text[i] === text[j]) equal++
  return equal
}

describe('processing time', function () {
  this.timeout(120_000)
  before(() => loadSettings())

  it('is detected if it is not linear', () => {
    expect(() => expectLinear(pairs, { repeated: ' ' })).to.throw('growth')
  })

  for (const [name, fn] of Object.entries(FUNCTIONS)) {
    it(`grows in proportion to the input: ${name}`, () => {
      const special = Object.entries(SPECIAL).find(([key]) => name.endsWith(key))?.[1] ?? []
      for (const family of [...special, ...CHARACTERS]) expectLinear(fn, family)
    })
  }

  for (const source of [
    '{% load i18n %}{% blocktranslate trimmed %}{{ x|safe }}{% endblocktranslate %}',
    '{% spaceless %}{{ x|safe }}{% endspaceless %}',
    '{% widthratio x x x %}',
    '{{ x|urlencode:x }}',
    '{{ x|cut:x }}',
    '{{ x|dictsort:x|length }}',
    '{{ "2020-01-01"|date:x }}',
    '{% with y=x %}{{ y|striptags|safe }}{% endwith %}',
    '{% filter slugify %}{{ x }}{% endfilter %}',
  ]) {
    it(`grows in proportion to the input: ${source}`, async () => {
      const template = (await engineOf()).fromString(source)
      for (const family of CHARACTERS) expectLinear((x) => template.render({ x }), family)
    })
  }
})

describe('text that a client sends', () => {
  it('keeps its meaning in a blocktranslate that is trimmed', async () => {
    const template = (await engineOf()).fromString(
      '{% load i18n %}{% blocktranslate trimmed %}{{ x }}{% endblocktranslate %}',
    )
    expect(template.render({ x: ' a b \n \n  c\t\n d ' })).to.equal('a b c d')
  })

  it('keeps its name and address in a mail', () => {
    expect(addressList(['  Ada Lovelace  <ada@example.com> '])).to.equal('Ada Lovelace <ada@example.com>')
    expect(addressList([`${' '.repeat(3000)}<ada@example.com>`])).to.equal('ada@example.com')
    expect(bareAddress(`"A <x>" <ada@example.com>`)).to.equal('ada@example.com')
  })

  it('has no password on a debug page', () => {
    const secret = `a = { password: 'hunter22', "api_key"= "x\\"y", plain: 'z' }`
    expect(maskSource(secret)).to.equal(
      `a = { password: '********************', "api_key"= "********************", plain: 'z' }`,
    )
    expect(maskQuery('http://u:p@h/x?a=1&token=b?c=d#e')).to.equal(
      'http://u:********************@h/x?a=1&token=********************#e',
    )
  })
})
