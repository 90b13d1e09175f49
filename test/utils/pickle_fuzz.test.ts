/**
 * For any bytes, the pickle reader returns a value or refuses them, quickly and in little memory.
 * PICKLE_FUZZ is the number of payloads, PICKLE_SEED the seed of the random numbers.
 */
import { expect } from 'chai'
import { BrokenPickle, dumpsPickle, loadsPickle, RefusedPickle } from '../../core/serialization/pickle/index.ts'
import { loadVectors } from '../vectors/load.ts'

const COUNT = Number(process.env.PICKLE_FUZZ ?? 20_000)
const SEED = Number(process.env.PICKLE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Milliseconds for one payload on a busy machine, and bytes by which all payloads may grow the process. */
const MOST_TIME = 3000
const MOST_GROWTH = 512 * 2 ** 20

/** Random numbers from a seed (mulberry32). */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  bytes(length: number): string {
    return Array.from({ length }, () => String.fromCharCode(this.below(256))).join('')
  }
}

const OPCODES = [
  ...'().012FGIJKLMNPQRSTUVXabcdeghijlopqrstu]}BC'.split(''),
  ...Array.from({ length: 0x99 - 0x80 }, (_, i) => String.fromCharCode(0x80 + i)),
]

/** The argument of an instruction: often valid, sometimes not. */
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
]

const VALUES: readonly unknown[] = [
  {},
  { _auth_user_id: '1', n: 5, cart: ['a', 'b'], z: null, t: true },
  { '2': 1, '1': { __proto__: null, x: [1.5, -7, 2n ** 70n, 'naïve', '\ud800'] } },
  [[[[[[[[]]]]]]]],
  [new Uint8Array([1, 2, 3]), new Set(['a', 1])],
  'x'.repeat(300),
]

const corpus = [
  ...VALUES.map((value) => dumpsPickle(value)),
  ...loadVectors<{ payload_b64?: string }>('cache_payloads').flatMap(({ input }) =>
    input.payload_b64 === undefined ? [] : Buffer.from(input.payload_b64, 'base64').toString('latin1').slice(0, 2000),
  ),
]

const soup = (chance: Chance): string =>
  `${Array.from({ length: chance.below(60) }, () => chance.of(OPCODES) + chance.of(ARGUMENTS)).join('')}.`

function mutated(chance: Chance): string {
  let text = chance.of(corpus)
  for (let times = chance.below(3); times >= 0; times--) {
    const at = chance.below(text.length + 1)
    const to = at + chance.below(12)
    const [head, middle, tail] = [text.slice(0, at), text.slice(at, to), text.slice(to)]
    text = chance.of([
      () => head + chance.bytes(1) + text.slice(at + 1),
      () => head + tail,
      () => head,
      () => head + middle + middle + tail,
      () => head + chance.of(OPCODES) + chance.of(ARGUMENTS) + text.slice(at),
      () => head + chance.of(ARGUMENTS) + tail,
      () => head + chance.of(corpus).slice(chance.below(40)),
    ])()
  }
  return text
}

const payload = (chance: Chance): string =>
  chance.of([() => chance.bytes(chance.below(64)), () => soup(chance), mutated, mutated, mutated])(chance)

/** The outcome of a payload; a failure is thrown. */
function outcome(bytes: string): 'read' | 'broken' | 'refused' {
  let value: unknown
  try {
    value = loadsPickle(bytes)
  } catch (error) {
    if (error instanceof BrokenPickle) return 'broken'
    if (error instanceof RefusedPickle) return 'refused'
    throw error
  }
  // A number on its own has no container that could keep its original form.
  if (typeof value !== 'number') {
    const again = dumpsPickle(value)
    expect(dumpsPickle(loadsPickle(again))).to.equal(again)
  }
  return 'read'
}

describe('the pickle reader', function () {
  this.timeout(3_600_000)

  it(`survives ${COUNT} random and mutated payloads`, () => {
    const chance = new Chance(SEED)
    const counts = { read: 0, broken: 0, refused: 0 }
    const prototype = Object.getOwnPropertyNames(Object.prototype).join()
    const before = process.resourceUsage().maxRSS * 1024
    const started = performance.now()
    let slowest = 0
    for (let i = 0; i < COUNT; i++) {
      const bytes = payload(chance)
      const begun = performance.now()
      try {
        counts[outcome(bytes)]++
      } catch (error) {
        const shown = Buffer.from(bytes, 'latin1').toString('base64')
        throw new Error(`PICKLE_SEED=${SEED}, payload ${i}: ${shown}`, { cause: error })
      }
      slowest = Math.max(slowest, performance.now() - begun)
    }
    const growth = process.resourceUsage().maxRSS * 1024 - before
    process.stdout.write(
      `    PICKLE_SEED=${SEED}: ${counts.read} read, ${counts.broken} broken, ${counts.refused} refused,` +
        ` ${Math.round(performance.now() - started)} ms, the slowest ${slowest.toFixed(1)} ms,` +
        ` grown by ${Math.round(growth / 2 ** 20)} MB\n`,
    )
    expect(Object.getOwnPropertyNames(Object.prototype).join()).to.equal(prototype)
    expect(slowest).to.be.lessThan(MOST_TIME)
    expect(growth).to.be.lessThan(MOST_GROWTH)
    // All three kinds of payloads occurred, or the test would have covered little.
    expect(Math.min(...Object.values(counts))).to.be.greaterThan(COUNT / 100)
  })
})
