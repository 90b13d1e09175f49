/** The content of a cache: pickles, numbers, flags, files, rows and times, as Django writes and reads them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache, type CacheStore, CacheTable } from '#core/cache'
import { connection } from '#core/db'
import { setClock } from '#core/utils'
import { DatabaseCache } from '../../core/cache/backends/db.ts'
import { FileBasedCache } from '../../core/cache/backends/filebased.ts'
import { memcachedExpiry, PyMemcacheCache } from '../../core/cache/backends/memcached.ts'
import { RedisCache } from '../../core/cache/backends/redis.ts'
import { KEY_PREFIX as CACHED_DB } from '../../core/contrib/sessions/backends/cached_db.ts'
import { KEY_PREFIX as CACHE } from '../../core/contrib/sessions/backends/cache.ts'
import { receivedItem, sentItem } from '../../core/cache/memcached_items.ts'
import { loadsPickle, readPickle, RefusedPickle } from '../../core/serialization/pickle/index.ts'
import { withDatabase } from '../contrib/sessions/database.ts'
import { temporaryFolder } from '../services.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: keyof typeof OPS
  readonly payload_b64: string
  readonly value: unknown
  readonly engine: 'cache' | 'cached_db'
  readonly session_key: string
  readonly flags: number
  readonly key: string
  readonly key_prefix: string
  readonly version: number
  readonly timeout: number | null | 'default'
  readonly default: number
  readonly now: number
  readonly content_b64: string
}

interface Expected {
  readonly data?: unknown
  readonly bytes_hex?: string
  readonly refused?: boolean
  readonly refused_or_converted?: boolean
  readonly raw_b64: string
  readonly plain_integer: boolean
  readonly exact: boolean
  readonly value: unknown
  readonly key: string
  readonly exptime: number
  readonly file: string
  readonly expires: number | string | null
  readonly cache_key: string
  readonly value_b64_pickle: string
}

const bytes = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')

const redis = new RedisCache({ location: 'redis://127.0.0.1:1', options: {} })
const memcached = new PyMemcacheCache({ location: '127.0.0.1:1', options: {} })

/** Checks that a store returns values unchanged. */
function expectBack(store: CacheStore, value: unknown): void {
  expect(store.decode(store.encode(value))).to.deep.equal(value)
}

/** A value in the vectors: bytes in hexadecimal, and numbers as strings where noted. */
function written(value: unknown, note: string): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return note === 'given as text here' ? (value as unknown[]).map(String) : value
}

function unpickle({ payload_b64 }: Input, expected: Expected, note: string): void {
  const read = (): unknown => loadsPickle(bytes(payload_b64))
  if (expected.refused === true) expect(read).to.throw(RefusedPickle)
  else if (expected.refused_or_converted !== true) {
    // One of the three exists.
    const { data, bytes_hex, value } = expected
    expect(written(read(), note)).to.deep.equal(data ?? bytes_hex ?? value)
  } else {
    try {
      // Of the convertible classes, the one in the vectors is a set of plain values.
      expect(read()).to.deep.equal(new Set([1, 2]))
    } catch (error) {
      expect(error).to.be.instanceOf(RefusedPickle)
    }
  }
}

function redisValue({ value }: Input, { raw_b64, plain_integer, exact }: Expected): void {
  const raw = bytes(raw_b64)
  expect(redis.decode(raw)).to.deep.equal(value)
  if (exact) expect(redis.encode(value)).to.equal(raw)
  expect(/^-?\d+$/.test(redis.encode(value))).to.equal(plain_integer)
  expectBack(redis, value)
}

function memcachedValue({ flags, payload_b64 }: Input, { value, data }: Expected): void {
  const payload = bytes(payload_b64)
  const expected = data ?? value
  expect(memcached.decode(receivedItem(flags, payload))).to.deep.equal(expected)
  const sent = sentItem(memcached.encode(expected))
  // A string, a number and bytes have one form; a pickle has many.
  expect(sent.flags).to.equal(flags)
  if (flags !== 1) expect(sent.bytes.toString('latin1')).to.equal(payload)
  expectBack(memcached, expected)
}

function sessionKey({ engine, session_key, key_prefix, version }: Input, { key }: Expected): void {
  const prefix = { cache: CACHE, cached_db: CACHED_DB }[engine]
  expect(new Cache(redis, { keyPrefix: key_prefix, version }).makeKey(prefix + session_key)).to.equal(key)
}

function memcachedTimeout({ timeout, default: usual, now }: Input, { exptime }: Expected): void {
  setClock({ now: () => now * 1000 })
  const seconds = timeout === 'default' ? usual : timeout
  expect(memcachedExpiry(seconds === null ? undefined : seconds * 1000)).to.equal(exptime)
}

async function filebased(input: Input, { file, value, expires }: Expected): Promise<void> {
  const { key, key_prefix, version, content_b64 } = input
  const folder = path.join(temporaryFolder('vectors'), 'cache')
  const cache = new Cache(new FileBasedCache({ location: folder, options: {} }), { keyPrefix: key_prefix, version })
  const end = expires === null ? undefined : Number(expires) * 1000
  const at = (now: number): void => setClock({ now: () => now })
  const isThere = async (): Promise<void> => {
    at((end ?? 1e15) - 1)
    expect(await cache.get(key)).to.deep.equal(value)
  }
  // Django's entry is read, until it expires.
  mkdirSync(folder)
  writeFileSync(path.join(folder, file), Buffer.from(content_b64, 'base64'))
  await isThere()
  if (end !== undefined) {
    at(end)
    expect(await cache.get(key)).to.equal(undefined)
  }
  // Our entry starts with a pickle of the same time, and has the same name.
  at((end ?? 90_000) - 90_000)
  await cache.set(key, value, end === undefined ? null : 90)
  expect(readPickle(readFileSync(path.join(folder, file)).toString('latin1')).value).to.equal(expires)
  await isThere()
}

const databaseCache = (prefix: string): Cache =>
  new Cache(new DatabaseCache({ location: 'vector_cache', options: {} }), { keyPrefix: prefix })

async function dbcache({ key, key_prefix, timeout, now }: Input, expected: Expected): Promise<void> {
  const { cache_key, value_b64_pickle, expires, value } = expected
  await withDatabase(async () => {
    await new CacheTable('vector_cache').create()
    const cache = databaseCache(key_prefix)
    setClock({ now: () => now * 1000 })
    await connection('vector_cache').insert({ cache_key, value: value_b64_pickle, expires })
    expect(await cache.get(key)).to.deep.equal(value)
    await cache.set(key, value, timeout === 'default' ? undefined : timeout)
    const rows = await connection('vector_cache').select<{ value: string }[]>()
    expect(rows).to.deep.equal([{ cache_key, value: rows[0]?.value, expires }])
    expect(loadsPickle(bytes(rows[0]?.value ?? ''))).to.deep.equal(value)
  })
}

const OPS = {
  unpickle,
  redis_value: redisValue,
  memcached_value: memcachedValue,
  memcached_session: memcachedValue,
  session_cache_key: sessionKey,
  memcached_timeout: memcachedTimeout,
  filebased,
  dbcache,
}

describe('vectors: cache_payloads', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected, note } of loadVectors<Input, Expected>('cache_payloads')) {
    it(name, () => OPS[input.op](input, expected, note))
  }
})
