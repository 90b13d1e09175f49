/**
 * Writes plain values as pickles without a memo, for Python 3.4 and later.
 *
 * Values that can be written in ASCII use the opcodes of protocols 0 and 1: the clients of servers send strings faster
 * than bytes, and ASCII is readable. Other values use protocol 4.
 */
import { describe, MOST_LEVELS, NotJson, shortened } from '../json.ts'
import { floatText, spelledKeys, spelledNumber, type Spelling, spellingOf } from '../numbers.ts'

/** Maximum number of digits of an integer. Python parses no more than this, and parsing is slow. */
export const MOST_DIGITS = 4300

const LARGEST = 10n ** BigInt(MOST_DIGITS) - 1n

const { fromCharCode } = String

/** A 32-bit integer as four bytes, little-endian. */
const four = (value: number): string =>
  fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)

/** Prefixes bytes with an opcode and a length: `short` and one byte if that suffices, otherwise `long` and four. */
const counted = (short: string, long: string, bytes: string): string =>
  bytes.length < 256 ? short + fromCharCode(bytes.length) + bytes : long + four(bytes.length) + bytes

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

/** A lone surrogate has no UTF-8 encoding, but Python writes it as three bytes (`surrogatepass`). */
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

/** Whether a string has only printable ASCII characters and no backslash. Protocol 0 would escape others. */
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

/** An integer of any size, in two's complement, little-endian. */
function pickledLong(value: bigint): string {
  const digits = (value < 0n ? ~value : value).toString(16)
  // One more bit than the digits need, for the sign.
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

/** The spelling of Python's repr(), which the FLOAT opcode of protocol 0 uses. */
const FLOATS: Readonly<Record<string, string>> = { NaN: 'nan', Infinity: 'inf', '-Infinity': '-inf' }

class PickleWriter {
  /** The containers of the value that is being written, and the keys that lead to it. */
  readonly #above: object[] = []
  readonly #trail: (string | number)[] = []
  readonly #name: string
  /** The protocol that the reader must support. For 0, no PROTO opcode is written. */
  #protocol = 0

  constructor(name: string) {
    this.#name = name
  }

  pickle(value: unknown): string {
    const pickle = this.value(value)
    return this.#protocol === 0 ? `${pickle}.` : `\x80${fromCharCode(this.#protocol)}${pickle}.`
  }

  /** Records that a pickle with bytes beyond ASCII needs a protocol. */
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
    // The only integer that JSON may spell differently from JavaScript.
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
      // As in JSON.stringify, an undefined property is omitted.
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
    // A bytearray was read from protocol 5, so its users have Python 3.8 or later.
    return this.#binary(`\x96${four(text.length)}${four(0)}${text}`, 5)
  }
}

/**
 * Writes a value as a pickle, a byte string: each character is one byte. In addition to the values of JSON, it may
 * contain bytes (Uint8Array) and sets (Set).
 * @param name how error messages name the value
 * @throws NotJson if a part of it is something else; the message includes the path of the part
 */
export function dumpsPickle(value: unknown, name = 'The value'): string {
  return new PickleWriter(name).pickle(value)
}

/** A value as part of a pickle: without the PROTO and STOP opcodes. */
export const pickledPart = (value: unknown): string => new PickleWriter('The value').value(value)
