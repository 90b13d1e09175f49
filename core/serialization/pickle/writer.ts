/**
 * Writes plain values as a pickle that needs no memo, and that Python 3.4 and later reads.
 *
 * Where a value can be said in ASCII it is, by the instructions of protocols 0 and 1: clients of servers send texts
 * faster than bytes, and a person can read them. What is not ASCII is said in protocol 4.
 */
import { describe, MOST_LEVELS, NotJson, shortened } from '../json.ts'
import { floatText, spelledKeys, spelledNumber, type Spelling, spellingOf } from '../numbers.ts'

/** Digits of a whole number: Python turns no more into one than this, and only slowly. */
export const MOST_DIGITS = 4300

const LARGEST = 10n ** BigInt(MOST_DIGITS) - 1n

const { fromCharCode } = String

/** A whole number of 32 bits in four bytes, the lowest first. */
const four = (value: number): string =>
  fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)

/** With its length before it, in one byte if that is enough. */
const counted = (short: string, long: string, bytes: string): string =>
  bytes.length < 256 ? short + fromCharCode(bytes.length) + bytes : long + four(bytes.length) + bytes

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

/** Half a surrogate pair is no Unicode; Python keeps it all the same and writes its three bytes. */
function surrogate(half: string): string {
  const code = half.charCodeAt(0)
  return fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
}

const HALVES = /(\p{Surrogate})/u

function encoded(text: string): string {
  if (!HALVES.test(text)) return utf8(text)
  return text
    .split(HALVES)
    .map((part, i) => (i % 2 === 1 ? surrogate(part) : utf8(part)))
    .join('')
}

/** A line of plain characters: in protocol 0, others would have to be escaped. */
function isLine(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x5c) return false
  }
  return true
}

const NOT_ASCII = /[^\0-\x7f]/

const eight = new DataView(new ArrayBuffer(8))

export function pickledFloat(value: number): string {
  eight.setFloat64(0, value)
  let bytes = 'G'
  for (let i = 0; i < 8; i++) bytes += fromCharCode(eight.getUint8(i))
  return bytes
}

/** A whole number of any size, in two's complement, the lowest byte first. */
function pickledLong(value: bigint): string {
  const digits = (value < 0n ? ~value : value).toString(16)
  // A bit more than its digits need, for the sign.
  const size = Math.floor((digits.length * 4 - Math.clz32(Number.parseInt(digits[0] as string, 16)) + 28) / 8) + 1
  const bytes = Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  )
  return counted('\x8a', '\x8b', Buffer.from(bytes.toReversed()).toString('latin1'))
}

const pickledInteger = (value: number): string =>
  value >= 0 && value < 0x80 ? `K${fromCharCode(value)}` : `I${value}\n`

/** As Python's repr() has it; so do all protocols before the first binary one. */
const FLOATS: Readonly<Record<string, string>> = { NaN: 'nan', Infinity: 'inf', '-Infinity': '-inf' }

class PickleWriter {
  /** The containers that what is being written stands in, and under which key. */
  readonly #above: object[] = []
  readonly #trail: (string | number)[] = []
  readonly #name: string
  /** The protocol that the reader must know; 0 is no word. */
  #protocol = 0

  constructor(name: string) {
    this.#name = name
  }

  pickle(value: unknown): string {
    const pickle = this.value(value)
    return this.#protocol === 0 ? `${pickle}.` : `\x80${fromCharCode(this.#protocol)}${pickle}.`
  }

  /** What is not ASCII needs a protocol. */
  #binary(pickle: string, protocol = 4): string {
    this.#protocol = Math.max(this.#protocol, protocol)
    return pickle
  }

  #refuse(what: string): never {
    const path = this.#trail.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
    throw new NotJson(`${shortened(`${this.#name}${path}`)} ${what}.`)
  }

  value(value: unknown, spelling?: Spelling, key = ''): string {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        return this.#number(value, spelling, key)
      case 'boolean':
        return value ? 'I01\n' : 'I00\n'
      case 'bigint':
        return this.#long(value)
      case 'object':
        return value === null ? 'N' : this.#object(value)
      default:
        return this.#refuse(`is ${describe(value)}, which JSON cannot hold`)
    }
  }

  #long(value: bigint): string {
    if (value > LARGEST || value < -LARGEST) this.#refuse(`has more than ${MOST_DIGITS} digits`)
    return this.#binary(pickledLong(value))
  }

  #text(text: string): string {
    return isLine(text) ? `V${text}\n` : this.#binary(counted('\x8c', 'X', encoded(text)))
  }

  #number(value: number, spelling: Spelling | undefined, key: string): string {
    const text = spelling === undefined ? undefined : spelledNumber(spelling, key, value)
    // The one way in which JSON spells an integer that is not JavaScript's.
    if (text === '-0') return pickledInteger(0)
    if (text !== undefined) return `F${FLOATS[text] ?? text}\n`
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return pickledInteger(value)
    if (!Number.isFinite(value)) this.#refuse(`is ${value}, which JSON cannot hold`)
    return `F${floatText(value)}\n`
  }

  #object(value: object): string {
    if (this.#above.includes(value)) this.#refuse('contains itself, which JSON cannot hold')
    if (this.#above.length >= MOST_LEVELS) this.#refuse(`stands more than ${MOST_LEVELS} levels deep`)
    const spelling = spellingOf(value)
    if (value instanceof Uint8Array) return this.#bytes(value, spelling)
    this.#above.push(value)
    const pickle = Array.isArray(value)
      ? this.#list(value, spelling)
      : value instanceof Set
        ? this.#set(value, spelling)
        : this.#dict(value as Record<string, unknown>, spelling)
    this.#above.pop()
    return pickle
  }

  #dict(dict: Record<string, unknown>, spelling: Spelling | undefined): string {
    const prototype: unknown = Object.getPrototypeOf(dict)
    if (prototype !== Object.prototype && prototype !== null) {
      this.#refuse(`is ${describe(dict)}, which JSON cannot hold`)
    }
    let items = ''
    for (const key of spelling === undefined ? Object.keys(dict) : spelledKeys(dict, spelling)) {
      const value = dict[key]
      // As everywhere in JavaScript, a property that is undefined is one that is not there.
      if (value === undefined) continue
      this.#trail.push(key)
      items += this.#key(spelling?.keys?.get(key), key)
      items += this.value(value, spelling, key)
      this.#trail.pop()
    }
    return items === '' ? '}' : `}(${items}u`
  }

  #key(pickle: string | undefined, key: string): string {
    if (pickle === undefined) return this.#text(key)
    return NOT_ASCII.test(pickle) ? this.#binary(pickle) : pickle
  }

  #list(list: readonly unknown[], spelling: Spelling | undefined): string {
    let items = ''
    for (let i = 0; i < list.length; i++) {
      this.#trail.push(i)
      items += this.value(list[i], spelling, spelling === undefined ? '' : String(i))
      this.#trail.pop()
    }
    if (spelling?.kind === 'tuple') return list.length === 0 ? ')' : `(${items}t`
    return list.length === 0 ? ']' : `](${items}e`
  }

  #set(set: ReadonlySet<unknown>, spelling: Spelling | undefined): string {
    let items = ''
    for (const item of set) items += this.value(item, spelling, typeof item === 'number' ? String(item) : '')
    if (spelling?.kind === 'frozenset') return this.#binary(`(${items}\x91`)
    return this.#binary(set.size === 0 ? '\x8f' : `\x8f(${items}\x90`)
  }

  #bytes(bytes: Uint8Array, spelling: Spelling | undefined): string {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    if (spelling?.kind !== 'bytearray') return this.#binary(counted('C', 'B', text))
    // Only Python 3.8 and later can have written one.
    return this.#binary(`\x96${four(text.length)}${four(0)}${text}`, 5)
  }
}

/**
 * The pickle of a value, as a byte string: each character stands for one byte. Beside what JSON can hold, a value may
 * have bytes (Uint8Array) and sets (Set) in it.
 * @param name what the value is called in the message of an error
 * @throws NotJson when a part of it is something else; the message has the path of the part
 */
export function dumpsPickle(value: unknown, name = 'The value'): string {
  return new PickleWriter(name).pickle(value)
}

/** A value as a part of a pickle. */
export const pickledPart = (value: unknown): string => new PickleWriter('The value').value(value)
