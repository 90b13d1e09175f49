/** Session content from a seed, as JavaScript values and as Python's JSON, with all differences in spelling. */
import { setOwn } from '#core/serialization'

export interface Generated {
  readonly value: Record<string, unknown>
  /** The same as JSON, with numbers as Python spells them and keys in another order. */
  readonly text: string
}

interface Node {
  readonly value: unknown
  readonly text: string
}

/** The seed of this run; TEST_SEED repeats another. */
export const SEED = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 32)

/** Mulberry32: numbers from 0 to below 1, determined by the seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const STRINGS = [
  '',
  'plain',
  'Größe',
  '日本語',
  'emoji 🎉 and 𝕏',
  'quotes " \\ / \'',
  '\u0000\u0001\b\t\n\f\r\u001f\u007f\u0080',
  '\u2028\u2029',
  '\ud800 alone',
  'alone \udfff',
  '</script>',
  '1.0',
  'NaN',
  '{"n": 1.0, "1": 12345678901234567890}',
]

const KEYS = ['a', 'b', 'cart', '10', '2', '1', '-1', '01', '1.0', '', 'é', 'two words', '__proto__', 'constructor']
/** Also names of session methods, which are ordinary keys. */
const TOP_KEYS = [...KEYS, 'flush', 'get', 'save', 'sessionKey', '_private', 'toJSON']

/** Numbers as Python writes them. */
const NUMBERS = ['1.0', '0.0', '-0.0', '1e+16', '2.5e-07', '1e+22', '5e-324', '1.7976931348623157e+308', '0.1']

interface Options {
  /** Whether to include numbers that only Python's JSON has: NaN, Infinity. */
  readonly endless?: boolean
}

export class Generator {
  readonly #random: () => number
  readonly #endless: boolean

  constructor(seed: number, { endless = true }: Options = {}) {
    this.#random = randomFrom(seed)
    this.#endless = endless
  }

  below(end: number): number {
    return Math.floor(this.#random() * end)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  #digits(count: number): string {
    return Array.from({ length: count }, (_, i) => (i === 0 ? 1 + this.below(9) : this.below(10))).join('')
  }

  /** Decimal digits: the last one is never zero. */
  #fraction(count: number): string {
    return this.#digits(count) + String(1 + this.below(9))
  }

  #number(): Node {
    const sign = this.pick(['', '-'])
    const whole = (digits: string): Node => {
      const text = digits === '0' ? '0' : sign + digits
      return { value: Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text), text }
    }
    const float = (text: string): Node => ({ value: Number(text), text })
    switch (this.below(this.#endless ? 8 : 7)) {
      case 0:
        return whole(this.#digits(1 + this.below(15)))
      case 1:
        return whole(this.#digits(16 + this.below(30)))
      case 2:
        return whole(this.pick(['255', '256', '65535', '65536', '2147483647', '2147483648', '9007199254740991']))
      case 3:
        return whole(this.pick(['9007199254740992', '9007199254740993', '9223372036854775808', '4294967296', '0']))
      case 4:
        return float(this.pick(NUMBERS))
      case 5:
        return float(`${sign}${this.below(1e6)}.${this.#fraction(this.below(6))}`)
      case 6:
        return float(`${sign}${this.#digits(1)}.${this.#fraction(4)}e${this.pick(['+', '-'])}${20 + this.below(70)}`)
      default: {
        const text = this.pick(['NaN', 'Infinity', '-Infinity'])
        return { value: Number(text), text }
      }
    }
  }

  #string(): Node {
    const value = this.below(6) === 0 ? 'x'.repeat(this.below(300)) + this.#digits(3) : this.pick(STRINGS)
    return { value, text: JSON.stringify(value) }
  }

  #value(depth: number): Node {
    switch (this.below(depth > 0 ? 8 : 5)) {
      case 0:
        return this.pick([
          { value: null, text: 'null' },
          { value: true, text: 'true' },
          { value: false, text: 'false' },
        ])
      case 1:
      case 2:
        return this.#number()
      case 3:
      case 4:
        return this.#string()
      case 5:
      case 6:
        return this.#object(KEYS, depth - 1, this.below(6))
      default: {
        const nodes = Array.from({ length: this.below(6) }, () => this.#value(depth - 1))
        return { value: nodes.map(({ value }) => value), text: `[${nodes.map(({ text }) => text).join(',')}]` }
      }
    }
  }

  #object(keys: readonly string[], depth: number, count: number): Generated {
    const names = new Set(Array.from({ length: count }, () => this.pick(keys)))
    const nodes = Array.from(names, (name) => [name, this.#value(depth)] as const)
    const value = {}
    for (const [name, node] of nodes) setOwn(value, name, node.value)
    return { value, text: `{${nodes.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join(',')}}` }
  }

  /** A long value: more entries than a pickle writes in one batch, strings longer than its short forms. */
  #long(): Node {
    const count = 1001 + this.below(1500)
    const value = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? `entry ${i % 50}` : i * 1000))
    return { value, text: JSON.stringify(value) }
  }

  /** The content of a session. @param most maximum number of characters of its string */
  session(most: number): Generated {
    for (;;) {
      const { value, text } = this.#object(TOP_KEYS, 3, 1 + this.below(8))
      const more: [string, Node][] = []
      if (this.below(4) === 0) {
        const seconds = 3600 + this.below(1e6)
        more.push(['_session_expiry', { value: seconds, text: String(seconds) }])
      }
      if (most > 50_000 && this.below(50) === 0) more.push(['long', this.#long()])
      for (const [name, node] of more) setOwn(value, name, node.value)
      const added = more.map(([name, node]) => `"${name}":${node.text}`)
      const all = [text.slice(1, -1), ...added].filter((part) => part !== '').join(',')
      if (all.length < most) return { value, text: `{${all}}` }
    }
  }

  sessions(count: number, most = Number.POSITIVE_INFINITY): Generated[] {
    return Array.from({ length: count }, () => this.session(most))
  }
}

const made = new Map<string, readonly Generated[]>()

/** The content of many sessions, the same for every setup that can hold as much. Must not be changed. */
export function sessionsFrom(seed: number, count: number, most: number, options?: Options): readonly Generated[] {
  const name = JSON.stringify([seed, count, most, options])
  let sessions = made.get(name)
  if (sessions === undefined) made.set(name, (sessions = new Generator(seed, options).sessions(count, most)))
  return sessions
}

const floatText = (value: number): string =>
  Object.is(value, -0) ? '-0.0' : value.toExponential().replace(/^(-?\d)e/, '$1.0e')

/** JSON of a value in JavaScript's spelling, by an independent writer. */
export function plainText(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  // A number without decimal digits is whole for Python, if all its digits are significant.
  if (typeof value === 'number' && (Object.is(value, -0) || Math.abs(value) > 2 ** 53 - 1)) return floatText(value)
  if (Array.isArray(value)) return `[${value.map(plainText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}:${plainText(entry)}`)
    return `{${entries.join(',')}}`
  }
  return JSON.stringify(value)
}

/** Whether two values are equal to the last bit, with keys in any order. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) {
    return Object.is(one, other)
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  const value = (object: object, key: string): unknown => Object.getOwnPropertyDescriptor(object, key)?.value
  return keys.every((key) => Object.hasOwn(other, key) && isSame(value(one, key), value(other, key)))
}
