/** Arbitraries of hostile strings: fragments that broke parsers, changes of valid strings, and long repetitions. */
import * as fc from 'fast-check'

/** Fragments with a meaning for some parser. */
export const NASTY: readonly string[] = [
  '',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r\nX-Injected: 1\r\n',
  '\r\nSet-Cookie: injected=1',
  '%0d%0aX-Injected:%201',
  '\0',
  '\x1b[31m',
  '\x7f',
  '\x85',
  '\x9b',
  '\xa0',
  '\u0130',
  'ſ',
  'é',
  'e\u0301',
  '\u0315\u0316',
  '\u200b',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udfff',
  '😀',
  '漢',
  '/',
  '//',
  '///',
  '\\',
  '/\\',
  '..',
  '/../',
  '%2e%2e/',
  '%2F',
  '%5c',
  '%',
  '%0',
  '%zz',
  '%00',
  '%C3',
  '%c3%a9',
  '%ED%A0%80',
  '%u0041',
  '?',
  '#',
  '&',
  ';',
  ',',
  '=',
  ':',
  '@',
  '*',
  '|',
  '$',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '<',
  '>',
  '"',
  "'",
  '`',
  '+',
  '-',
  '-0',
  '0',
  '1e999',
  '1e-7',
  'NaN',
  'Infinity',
  '99999999999999999999',
  '9007199254740993',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'true',
  'a]b',
  'http://a]b/',
  '//user@host#x',
  'http://[::1',
  'javascript:alert(1)',
  'https:evil.example',
  'testserver',
  'xn--',
  '<script>alert(1)</script>',
  '<!--',
  '-->',
  '{{ x }}',
  '{% if %}',
  '{#',
  "' OR 1=1 --",
  '$(id)',
  '..\\',
  'CON',
  '=?utf-8?b?4pyT?=',
]

/** Units of long repetitions. */
const UNITS: readonly string[] = [
  'a',
  ' ',
  '\t ',
  '\n',
  '0',
  '9',
  '"',
  '\\',
  '\\"',
  '<',
  '<a',
  '<1><!--',
  '<!--',
  '&',
  '%',
  '%41',
  '/',
  '/../',
  '=',
  ';',
  'a=b;',
  '&a=1',
  ',',
  '.',
  'a.',
  '@',
  ':',
  '-',
  '_',
  '[',
  '{',
  '(',
  '[]',
  '{}',
  '\u0315\u0316',
  'ﷺ',
  '😀',
  '\ud800',
  '\0',
  "'",
  "pass='",
  'http://a:',
]

export interface TextOptions {
  /** Fragments of the attacked format. */
  readonly words?: readonly string[]
  /** Maximum number of characters, in the rare long inputs. */
  readonly longest?: number
}

/** A repeated unit: a long input that is cheap to create and to shrink. */
export const repeated = (units: readonly string[], longest: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...units), fc.integer({ min: 1, max: longest }))
    .map(([unit, length]) => unit.repeat(Math.max(1, Math.floor(length / unit.length))))

function pieces(words: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...NASTY), weight: 3 },
    { arbitrary: fc.constantFrom(...(words.length > 0 ? words : NASTY)), weight: 4 },
    { arbitrary: fc.string({ maxLength: 6 }), weight: 2 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 3 }), weight: 1 },
  )
}

const joined = (parts: readonly string[]): string => parts.join('')

/** Mostly some fragments in a row; rarely a long repetition, up to `longest` characters. */
export function hostile({ words = [], longest = 100_000 }: TextOptions = {}): fc.Arbitrary<string> {
  const piece = pieces(words)
  const units = [...UNITS, ...words.filter((word) => word !== '')]
  const around = (most: number): fc.Arbitrary<string> => fc.tuple(piece, repeated(units, most), piece).map(joined)
  return fc.oneof(
    { arbitrary: fc.array(piece, { maxLength: 8, size: 'max' }).map(joined), weight: 1500 },
    { arbitrary: around(Math.min(300, longest)), weight: 100 },
    { arbitrary: around(Math.min(6000, longest)), weight: 10 },
    { arbitrary: around(longest), weight: 1 },
  )
}

/** A short string of the format's own fragments, with a few foreign ones. */
export const shortOf = (words: readonly string[], maxLength = 8): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { arbitrary: fc.constantFrom(...words), weight: 8 },
        { arbitrary: fc.constantFrom(...NASTY), weight: 1 },
      ),
      { maxLength, size: 'max' },
    )
    .map(joined)

type Edit = readonly [kind: number, at: number, span: number, piece: string]

function edited(text: string, [kind, at, span, piece]: Edit): string {
  const begin = text.length === 0 ? 0 : at % (text.length + 1)
  const end = Math.min(text.length, begin + span)
  if (kind === 0) return text.slice(0, begin) + piece + text.slice(begin)
  if (kind === 1) return text.slice(0, begin) + text.slice(end)
  if (kind === 2) return text.slice(0, begin) + piece + text.slice(end)
  if (kind === 3) return text.slice(0, begin)
  if (kind === 4) return text.slice(0, end) + text.slice(begin, end).repeat(20) + text.slice(end)
  const code = text.charCodeAt(begin)
  return Number.isNaN(code)
    ? text
    : text.slice(0, begin) + String.fromCharCode(code ^ (1 << span)) + text.slice(begin + 1)
}

/** Changes of a valid string: cut, inserted into, doubled, a bit flipped. No change is possible, too. */
export function edits(words: readonly string[] = []): fc.Arbitrary<(text: string) => string> {
  const edit = fc.tuple(fc.nat(5), fc.nat(1_000_000), fc.integer({ min: 1, max: 7 }), pieces(words))
  return fc.array(edit, { maxLength: 3, size: 'max' }).map((list) => {
    const apply = (text: string): string => list.reduce(edited, text)
    return Object.assign(apply, { [fc.toStringMethod]: () => JSON.stringify(list) })
  })
}

/** A valid string, changed. */
export const mutated = (valid: fc.Arbitrary<string>, words: readonly string[] = []): fc.Arbitrary<string> =>
  fc.tuple(valid, edits(words)).map(([text, change]) => change(text))

/** The UTF-8 bytes of a string as characters up to U+00FF: a lone surrogate becomes U+FFFD. */
export const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

/** The string with U+FFFD for each lone surrogate. */
export const wellFormed = (text: string): string => Buffer.from(text).toString()

/** Small values of JSON, with hostile keys and strings. */
export const jsonish: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 8 }))
  return {
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'json' },
      { arbitrary: text, weight: 3 },
      {
        arbitrary: fc.oneof(
          fc.integer(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.boolean(),
          fc.constant(null),
        ),
        weight: 3,
      },
      { arbitrary: fc.array(tie('value'), { maxLength: 4 }), weight: 2 },
      { arbitrary: fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }), weight: 2 },
    ),
  }
}).value
