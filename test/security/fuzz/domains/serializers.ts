/** JSON and pickles: output can be read again, and any input results in a value or a documented error. */
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { isDeeperThan, MOST_LEVELS, NotJson, parseJson, stringifyJson } from '#core/serialization'
import { BrokenPickle, dumpsPickle, loadsPickle, RefusedPickle } from '../../../../core/serialization/pickle/index.ts'
import { allowing, type AnyDomain, domain, ensure } from '../domain.ts'
import { edits, hostile, jsonish, NASTY, repeated } from '../strings.ts'

const JSON_WORDS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '"a":',
  '1.0',
  '1e5',
  '-',
  'NaN',
  'Infinity',
  'true',
  'null',
  '\\u',
  '\\ud800',
  '"__proto__":',
  '{"a":[',
  '"1":1',
]

/** Nested deeper than any stack. */
const deep: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[1.0,', ']']), fc.integer({ min: 1, max: 30_000 }), fc.boolean())
  .map(([[open = '', close = ''], depth, closes]) => open.repeat(depth) + (closes ? `1${close.repeat(depth)}` : ''))

function json(text: string): void {
  const ours = allowing([SyntaxError], () => [parseJson(text)])
  const theirs = allowing([SyntaxError], () => [JSON.parse(text) as unknown])
  if (ours === undefined) {
    return ensure(theirs === undefined || isDeeperThan(MOST_LEVELS, text), 'what JSON.parse reads is refused')
  }
  ensure(!isDeeperThan(MOST_LEVELS, text), 'JSON is read that is nested too deeply')
  const again = allowing([NotJson], () => stringifyJson(ours[0]))
  if (again !== undefined)
    ensure(isDeepStrictEqual(parseJson(again), ours[0]), 'the value is not the same after a round trip')
}

const OPCODES = [
  ...'().012FGIJKLMNPQRSTUVXabcdeghijlopqrstu]}BC'.split(''),
  ...Array.from({ length: 0x99 - 0x80 }, (_, i) => String.fromCharCode(0x80 + i)),
]
const ARGUMENTS = [
  '',
  '\0',
  '\x01',
  '\x02\0\0\0',
  '\xff\xff\xff\xff',
  '\0\0\0\0\0\0\0\0',
  '\xff\xff\xff\xff\xff\xff\xff\x7f',
  '1\n',
  '0\n',
  '\x01a',
  '\x02\xc3\xa9',
  'os\nsystem\n',
  'text\n',
  '1.5\n',
  '-1\n',
  '1e999\n',
]

const instruction = fc
  .tuple(fc.constantFrom(...OPCODES), fc.constantFrom(...ARGUMENTS))
  .map(([code, argument]) => code + argument)

/** A FLOAT or INT line of many characters, and repeated opcodes. */
const longPickle = fc
  .tuple(
    fc.constantFrom('F', 'I', 'L', 'V', 'S', '(', '2', '}', ']', 'N0'),
    repeated(['0', '1', ' ', '(', 'e', '.', '-', 'N', '\\u', "'"], 60_000),
    fc.constantFrom('\n.', '.', 'L\n.', ''),
  )
  .map(([code, middle, end]) => code + middle + end)

const pickle = fc.oneof(
  { arbitrary: fc.array(instruction, { maxLength: 30, size: 'max' }).map((list) => `${list.join('')}.`), weight: 80 },
  {
    arbitrary: fc
      .tuple(jsonish, edits(OPCODES))
      .map(([value, change]) => change(dumpsPickle(value)).replace(/[^\0-\xff]/g, '?')),
    weight: 80,
  },
  { arbitrary: longPickle, weight: 1 },
)

const plain: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: jsonish, weight: 5 },
  { arbitrary: fc.bigInt(), weight: 1 },
  { arbitrary: fc.uint8Array({ maxLength: 20 }), weight: 1 },
  { arbitrary: fc.array(fc.constantFrom(...NASTY), { maxLength: 5 }).map((list) => new Set(list)), weight: 1 },
)

/** Bytes are returned as Uint8Array of another class, and whole numbers beyond 2^53 as bigint. */
const comparable = (value: unknown): unknown => (value instanceof Uint8Array ? Array.from(value) : value)

export const serializerDomains: readonly AnyDomain[] = [
  domain({
    name: 'json',
    kind: 'in process',
    inputs: { short: 2000, long: 700_000 },
    arbitrary: fc.oneof(
      { arbitrary: hostile({ words: JSON_WORDS }), weight: 40 },
      {
        arbitrary: fc.tuple(jsonish, edits(JSON_WORDS)).map(([value, change]) => change(JSON.stringify(value))),
        weight: 60,
      },
      { arbitrary: deep, weight: 1 },
    ),
    check: json,
  }),
  domain({
    name: 'pickles',
    kind: 'in process',
    inputs: { short: 2000, long: 800_000 },
    arbitrary: pickle,
    check: (bytes) => void allowing([BrokenPickle, RefusedPickle], () => loadsPickle(bytes)),
  }),
  domain({
    name: 'pickled-values',
    kind: 'in process',
    inputs: { short: 1000, long: 300_000 },
    arbitrary: plain,
    check(value) {
      const bytes = allowing([NotJson], () => dumpsPickle(value))
      if (bytes === undefined) return
      const read = loadsPickle(bytes)
      ensure(isDeepStrictEqual(loadsPickle(dumpsPickle(read)), read), 'the value is another after a second round trip')
      if (typeof value !== 'bigint') {
        ensure(isDeepStrictEqual(comparable(read), comparable(value)), 'the value is not the same after a round trip')
      }
    },
  }),
]
