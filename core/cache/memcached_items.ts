/**
 * What the flags of an item in memcached say of its bytes, as Django's clients write them (pymemcache's pickle_serde,
 * python-memcached, pylibmc). Between the cache and its server an item is one byte string: a character for the flags,
 * then the bytes.
 */
import { Buffer, isUtf8 } from 'node:buffer'
import { type CacheSerializer, PickleSerializer } from './serializers.ts'
import { wholeNumber, wholeText } from './parameters.ts'

const BYTES = 0
const PICKLE = 1
const INTEGER = 2
/** What python-memcached and pylibmc call an integer that is larger. */
const LONG = 4
const TEXT = 16

/** Stands for flags that no other of these clients writes; they follow it as text. */
const UNKNOWN = 255

const KNOWN = [BYTES, PICKLE, INTEGER, LONG, TEXT]

const item = (flags: number, bytes: string): string => String.fromCharCode(flags) + bytes

/** Text that memcached would add to, as it begins with a number: as a pickle it is safe from that. */
const LIKE_A_NUMBER = /^\s*[+-]?\d/

export class ItemCodec {
  readonly #serializer: CacheSerializer
  /** Whether items are such as Django's clients write; otherwise all but whole numbers is the serializer's. */
  readonly #isDjangos: boolean

  constructor(serializer: CacheSerializer = new PickleSerializer()) {
    this.#serializer = serializer
    this.#isDjangos = serializer instanceof PickleSerializer
  }

  encode(value: unknown, name?: string): string {
    const whole = wholeText(value)
    if (whole !== undefined) return item(INTEGER, whole)
    if (!this.#isDjangos) return item(BYTES, this.#serializer.dumps(value, name))
    if (typeof value === 'string' && !LIKE_A_NUMBER.test(value)) {
      const bytes = Buffer.from(value)
      // Half a surrogate pair has no UTF-8.
      if (bytes.toString('utf8') === value) return item(TEXT, bytes.toString('latin1'))
    }
    return item(PICKLE, this.#serializer.dumps(value, name))
  }

  /** @throws Error for what cannot be read */
  decode(stored: string): unknown {
    const flags = stored.charCodeAt(0)
    if (flags === UNKNOWN) {
      throw new Error(`Its flags in memcached are ${stored.slice(1)}, which are not known: it may be compressed.`)
    }
    if (!KNOWN.includes(flags)) return this.#bytes(stored)
    const bytes = stored.slice(1)
    if (flags === BYTES) return this.#bytes(bytes)
    if (flags === INTEGER || flags === LONG) return integer(bytes)
    if (flags === TEXT) return text(bytes)
    if (!this.#isDjangos) throw new Error('It is a pickle, and OPTIONS.serializer names no serializer of pickles.')
    return this.#serializer.loads(bytes)
  }

  #bytes(bytes: string): unknown {
    return this.#isDjangos ? new Uint8Array(Buffer.from(bytes, 'latin1')) : this.#serializer.loads(bytes)
  }
}

function text(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1')
  if (!isUtf8(buffer)) throw new Error('It is said to be text, and is not UTF-8.')
  return buffer.toString('utf8')
}

function integer(bytes: string): number | bigint {
  // A number that was counted down has blanks behind it.
  const value = wholeNumber(bytes.trimEnd())
  if (value === undefined) throw new Error('It is said to be a whole number, and is none.')
  return value
}

/** The flags and the bytes to send. What another user of the store hands over has no flags: it is all bytes. */
export function sentItem(stored: string): { flags: number; bytes: Buffer } {
  const flags = stored.charCodeAt(0)
  if (!KNOWN.includes(flags)) return { flags: BYTES, bytes: Buffer.from(stored, 'latin1') }
  return { flags, bytes: Buffer.from(stored.slice(1), 'latin1') }
}

/** An item that came, as `sentItem` would take it. */
export function receivedItem(flags: number, bytes: string): string {
  if (!KNOWN.includes(flags)) return item(UNKNOWN, String(flags))
  const first = bytes.charCodeAt(0)
  // Bytes that begin as flags do need some before them.
  return flags === BYTES && first !== UNKNOWN && !KNOWN.includes(first) ? bytes : item(flags, bytes)
}
