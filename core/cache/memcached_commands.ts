/**
 * The commands of memcached's text protocol. A line that the server rejects makes it read the data after the line as
 * commands, so every part of a line is checked here, before anything is sent.
 */
import { formatValue } from '#core/utils'
import { InvalidCacheKey, shownKey } from './errors.ts'
import { FORBIDDEN_CHARACTERS, isWellFormed, MAX_KEY_LENGTH } from './keys.ts'

export interface Command {
  /** Without the end of the line. */
  readonly line: string
  /** The block of data that follows the line, and the key that it is stored under. */
  readonly data?: Buffer
  readonly key?: string
  /** Matches the last line of the response. */
  readonly replies: RegExp
  /** The keys of the requested items. */
  readonly keys?: ReadonlySet<string>
}

/** What a `set`, `add` or `cas` stores. */
export interface StoredItem {
  readonly key: string
  readonly flags: number
  /** 0 for no expiry, -1 for expired, otherwise seconds or a Unix time. */
  readonly expiry: number
  readonly data: Buffer
}

const MAX_FLAGS = 2 ** 32 - 1
const MAX_UNIQUE = 2n ** 64n - 1n

/** The latest Unix time, in seconds, that the server can store. */
export const MAX_EXPIRY = 2 ** 31 - 1

/** Keys in one `get` or `gets`. */
export const KEYS_PER_COMMAND = 100

const ITEMS_END = /^END$/
const STORED = /^(?:STORED|NOT_STORED)$/
const COMPARED = /^(?:STORED|EXISTS|NOT_FOUND)$/
const DELETED = /^(?:DELETED|NOT_FOUND)$/
const TOUCHED = /^(?:TOUCHED|NOT_FOUND)$/
/** Memcached may pad a decremented number with spaces. */
const COUNTED = /^(?:\d{1,20} *|NOT_FOUND)$/
const DONE = /^OK$/

/** Whether memcached accepts a key. */
export const isMemcachedKey = (key: string): boolean =>
  key !== '' &&
  !FORBIDDEN_CHARACTERS.test(key) &&
  isWellFormed(key) &&
  (key.length * 3 <= MAX_KEY_LENGTH || Buffer.byteLength(key) <= MAX_KEY_LENGTH)

/** Whether a string can be a cas unique: an unsigned integer of 64 bits. */
export const isUnique = (token: string): boolean =>
  /^(?:0|[1-9]\d{0,19})$/.test(token) && (token.length < 20 || BigInt(token) <= MAX_UNIQUE)

function checkedKey(key: string): string {
  if (isMemcachedKey(key)) return key
  throw new InvalidCacheKey(
    `memcached takes a key of 1 to ${MAX_KEY_LENGTH} bytes without spaces and control characters, found ${formatValue(shownKey(key))}.`,
  )
}

function checkedNumber(value: number, name: string, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new TypeError(
    `memcached takes a whole number from ${least} to ${most} for the ${name}, found ${formatValue(value)}.`,
  )
}

const checkedExpiry = (expiry: number): number => checkedNumber(expiry, 'expiry', -1, MAX_EXPIRY)

/** Reads items; with `gets`, including their cas uniques. @throws InvalidCacheKey */
export function retrieval(verb: 'get' | 'gets', ...keys: readonly string[]): Command {
  const wanted = new Set(keys)
  return { line: `${verb} ${Array.from(wanted, checkedKey).join(' ')}`, replies: ITEMS_END, keys: wanted }
}

function storageLine(verb: string, { key, flags, expiry, data }: StoredItem): string {
  const numbers = [checkedNumber(flags, 'flags', 0, MAX_FLAGS), checkedExpiry(expiry), data.length]
  return `${verb} ${checkedKey(key)} ${numbers.join(' ')}`
}

/** @throws InvalidCacheKey, TypeError */
export const storage = (verb: 'set' | 'add', item: StoredItem): Command => ({
  line: storageLine(verb, item),
  data: item.data,
  key: item.key,
  replies: STORED,
})

/** @param unique a cas unique  @throws InvalidCacheKey, TypeError */
export function comparison(item: StoredItem, unique: string): Command {
  if (!isUnique(unique))
    throw new TypeError(`memcached takes a number of 64 bits for cas, found ${formatValue(unique)}.`)
  return { line: `${storageLine('cas', item)} ${unique}`, data: item.data, key: item.key, replies: COMPARED }
}

/** @throws InvalidCacheKey */
export const deletion = (key: string): Command => ({ line: `delete ${checkedKey(key)}`, replies: DELETED })

/** @throws InvalidCacheKey, TypeError */
export const expiration = (key: string, expiry: number): Command => ({
  line: `touch ${checkedKey(key)} ${checkedExpiry(expiry)}`,
  replies: TOUCHED,
})

/** Adds to a number, or subtracts if `delta` is negative. @throws InvalidCacheKey, TypeError */
export function counting(key: string, delta: number): Command {
  const size = checkedNumber(Math.abs(delta), 'number to add', 0, Number.MAX_SAFE_INTEGER)
  return { line: `${delta < 0 ? 'decr' : 'incr'} ${checkedKey(key)} ${size}`, replies: COUNTED }
}

/** Undoes the command of `counting` with this delta, which is not 0: memcached adds modulo 2^64. @throws InvalidCacheKey */
export const countingBack = (key: string, delta: number): Command => ({
  line: `incr ${checkedKey(key)} ${BigInt.asUintN(64, -BigInt(delta))}`,
  replies: COUNTED,
})

export const FLUSH: Command = { line: 'flush_all', replies: DONE }
