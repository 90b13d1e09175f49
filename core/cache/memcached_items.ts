/**
 * The flags of a memcached item give the format of its bytes, as Django's clients use them (pymemcache's pickle_serde,
 * python-memcached, pylibmc). Within the cache, an item is one byte string: a character for the flags, then the bytes.
 */
import { Buffer, isUtf8 } from 'node:buffer'
import { type CacheSerializer, PickleSerializer } from './serializers.ts'
import { parseInteger, integerString } from './parameters.ts'

const BYTES = 0
const PICKLE = 1
const INTEGER = 2
/** Large integers of python-memcached and pylibmc. */
const LONG = 4
const TEXT = 16

/** Marks flags that none of these clients writes. They follow as a decimal string. */
const UNKNOWN = 255

const KNOWN = [BYTES, PICKLE, INTEGER, LONG, TEXT]

const item = (flags: number, bytes: string): string => String.fromCharCode(flags) + bytes

/** Memcached would add to a string that begins with a number. As a pickle, it is safe from that. */
const LIKE_A_NUMBER = /^\s*[+-]?\d/

export class ItemCodec {
  readonly #serializer: CacheSerializer
  /** Whether items have the formats of Django's clients. Otherwise all values but integers are serialized. */
  readonly #usesDjangoFormats: boolean

  constructor(serializer: CacheSerializer = new PickleSerializer()) {
    this.#serializer = serializer
    this.#usesDjangoFormats = serializer instanceof PickleSerializer
  }

  encode(value: unknown, name?: string): string {
    const whole = integerString(value)
    if (whole !== undefined) return item(INTEGER, whole)
    if (!this.#usesDjangoFormats) return item(BYTES, this.#serializer.dumps(value, name))
    if (typeof value === 'string' && !LIKE_A_NUMBER.test(value)) {
      const bytes = Buffer.from(value)
      // A lone surrogate has no UTF-8 encoding.
      if (bytes.toString('utf8') === value) return item(TEXT, bytes.toString('latin1'))
    }
    return item(PICKLE, this.#serializer.dumps(value, name))
  }

  /** @throws Error if the item cannot be read */
  decode(stored: string): unknown {
    const flags = stored.charCodeAt(0)
    if (flags === UNKNOWN) {
      throw new Error(`Its flags in memcached are ${stored.slice(1)}, which are unknown: it may be compressed.`)
    }
    if (!KNOWN.includes(flags)) return this.#bytes(stored)
    const bytes = stored.slice(1)
    if (flags === BYTES) return this.#bytes(bytes)
    if (flags === INTEGER || flags === LONG) return integer(bytes)
    if (flags === TEXT) return utf8(bytes)
    if (!this.#usesDjangoFormats)
      throw new Error('It is a pickle, and OPTIONS.serializer names no serializer of pickles.')
    return this.#serializer.loads(bytes)
  }

  #bytes(bytes: string): unknown {
    return this.#usesDjangoFormats ? new Uint8Array(Buffer.from(bytes, 'latin1')) : this.#serializer.loads(bytes)
  }
}

function utf8(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1')
  if (!isUtf8(buffer)) throw new Error('Its flags are those of a string, but its bytes are not UTF-8.')
  return buffer.toString('utf8')
}

function integer(bytes: string): number | bigint {
  // A decremented number may be padded with spaces.
  const value = parseInteger(bytes.trimEnd())
  if (value === undefined) throw new Error('Its flags are those of a whole number, but its bytes are not one.')
  return value
}

/** The flags and the bytes to send. A string of another user of the store has no flags: all of it is bytes. */
export function sentItem(stored: string): { flags: number; bytes: Buffer } {
  const flags = stored.charCodeAt(0)
  if (!KNOWN.includes(flags)) return { flags: BYTES, bytes: Buffer.from(stored, 'latin1') }
  return { flags, bytes: Buffer.from(stored.slice(1), 'latin1') }
}

/** The byte string of a received item: the inverse of `sentItem`. */
export function receivedItem(flags: number, bytes: string): string {
  if (!KNOWN.includes(flags)) return item(UNKNOWN, String(flags))
  const first = bytes.charCodeAt(0)
  // Bytes that begin like flags need flags before them.
  return flags === BYTES && first !== UNKNOWN && !KNOWN.includes(first) ? bytes : item(flags, bytes)
}
