/** Commands of a Redis cache: their arguments, the shapes of their replies, and scripts. */
import type { CasResult, StoredValue } from './store.ts'

/** A string, which is sent as UTF-8, or bytes. */
export type Argument = string | Buffer

/** A time to live in whole milliseconds, at least 1. Empty for no expiry, and for a time that Redis cannot represent. */
export const px = (ttl: number | undefined): string[] =>
  ttl === undefined || ttl > Number.MAX_SAFE_INTEGER ? [] : [String(Math.max(1, Math.ceil(ttl)))]

/** A byte string as an argument. ASCII is the same in UTF-8, and sending a string is faster. */
export const sent = (bytes: string): Argument => (NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1') : bytes)

/** The byte string of a reply; undefined for nil. */
export const received = (reply: Buffer | null): string | undefined =>
  reply === null ? undefined : reply.toString('latin1')

// The shapes of replies, by which a reply to another command is recognized.
export const isBulkString = (reply: unknown): reply is Buffer | null => reply === null || Buffer.isBuffer(reply)
export const isFlag = (reply: unknown): reply is 0 | 1 => reply === 0 || reply === 1
export const isSum = (reply: unknown): reply is string | null =>
  reply === null || (typeof reply === 'string' && /^-?\d{1,16}$/.test(reply))
export const isOk = (reply: unknown): reply is 'OK' => reply === 'OK'
export const isOkOrNull = (reply: unknown): reply is 'OK' | null => reply === null || isOk(reply)
export const isResult = (reply: unknown): reply is CasResult =>
  reply === 'stored' || reply === 'changed' || reply === 'missing'

export type Shape<Reply> = (reply: unknown) => reply is Reply

export const isListOf =
  <Each>(length: number, isEach: Shape<Each>): Shape<Each[]> =>
  (reply): reply is Each[] =>
    Array.isArray(reply) && reply.length === length && reply.every(isEach)

export const isCountUpTo =
  (most: number): Shape<number> =>
  (reply): reply is number =>
    Number.isSafeInteger(reply) && (reply as number) >= 0 && (reply as number) <= most

export const isString = (reply: unknown): reply is string => typeof reply === 'string'

/** Whether a command only reads. */
export const isRead = ([command]: readonly Argument[]): boolean => command === 'GET' || command === 'MGET'

const NOT_ASCII = /[^\0-\x7f]/

/** Characters that are not bytes. */
export const NOT_BYTES = /[^\0-\xff]/

export const set = (key: string, stored: string, ttl: number | undefined, ...conditions: string[]): Argument[] => {
  const life = px(ttl)
  return ['SET', key, sent(stored), ...(life.length > 0 ? ['PX', ...life] : []), ...conditions]
}

/** A compare-and-set. */
export interface Comparison {
  readonly key: string
  readonly token: string
  readonly stored: string
  readonly ttl: number | undefined
}

/** Entries with their tokens. A token is the stored string itself. */
export interface TokenedEntries {
  get(key: string): Promise<StoredValue | undefined>
  compareAndSet(comparison: Comparison): Promise<CasResult>
}

// Scripts for operations that Redis has no command for. Redis runs one script at a time. KEYS[1] is the key.

/** Sets the time to live to ARGV[1] milliseconds, or to none. Returns 1 if the key exists. */
export const TOUCH = `
if ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])`

/**
 * Adds ARGV[1] to a stored number and returns the sum as a string, which no client rounds; nil if the key is absent. A
 * sum that a script cannot represent exactly is an error.
 */
export const INCREMENT = `
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if sum <= ${Number.MAX_SAFE_INTEGER} and sum >= ${Number.MIN_SAFE_INTEGER} then return string.format('%.0f', sum) end
redis.call('DECRBY', KEYS[1], ARGV[1])
return redis.error_reply('ERR increment or decrement would overflow')`

const COMPARE = `
local stored = redis.call('GET', KEYS[1])
if not stored then return 'missing' end
if stored ~= ARGV[1] then return 'changed' end`

/** Sets ARGV[2] with a time to live of ARGV[3] milliseconds, or none, if the stored string is ARGV[1]. */
export const COMPARE_AND_SET = `${COMPARE}
if ARGV[3] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 'stored'`

/** Deletes the key if the stored string is ARGV[1]. */
export const COMPARE_AND_DELETE = `${COMPARE}
redis.call('DEL', KEYS[1])
return 'stored'`
