/** Fills a store with many sessions: copies a session of the server directly, without requests, under other keys. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createClient } from '@redis/client'
import Database from 'better-sqlite3'
import { Client } from 'pg'
import type { DatabaseSettings } from '../core/db/index.ts'
import type { StoreName } from './stores.ts'

export interface Filling {
  /** File, directory or URL of the store. */
  readonly location: string
  /** Key of the session to copy. */
  readonly key: string
  readonly copies: number
}

/** The key of a copy: with the alphabet and length of session keys, in pseudo-random order. */
export const keyAt = (index: number): string => createHash('md5').update(String(index)).digest('hex')

/** Number of keys in one statement or command. */
const BATCH = 20_000

function* batches(copies: number): Generator<string[]> {
  for (let first = 0; first < copies; first += BATCH) {
    yield Array.from({ length: Math.min(BATCH, copies - first) }, (_, index) => keyAt(first + index))
  }
}

function intoSqlite({ location, key, copies }: Filling): void {
  const db = new Database(location)
  // Durability does not matter here, and the cache should hold the whole index.
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -2000000')
  const copy = db.prepare(`
    insert into django_session (session_key, session_data, expire_date)
    select keys.value, session_data, expire_date from django_session, json_each(?) as keys where session_key = ?
  `)
  for (const keys of batches(copies)) copy.run(JSON.stringify(keys), key)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.exec('analyze')
  db.close()
}

async function intoPostgresql({ location, key, copies }: Filling): Promise<void> {
  const { HOST, PORT, USER, PASSWORD, NAME } = JSON.parse(location) as DatabaseSettings
  const client = new Client({
    ...(HOST !== undefined && { host: HOST }),
    ...(PORT !== undefined && { port: Number(PORT) }),
    ...(USER !== undefined && { user: USER }),
    ...(PASSWORD !== undefined && { password: PASSWORD }),
    ...(NAME !== undefined && { database: NAME }),
  })
  await client.connect()
  try {
    await client.query('set synchronous_commit = off')
    for (let first = 0; first < copies; first += BATCH) {
      await client.query(
        `insert into django_session (session_key, session_data, expire_date)
         select md5(number::text), session_data, expire_date
         from django_session, generate_series($2::int, $3::int) as number where session_key = $1`,
        [key, first, Math.min(first + BATCH, copies) - 1],
      )
    }
    await client.query('vacuum analyze django_session')
    await client.query('checkpoint')
  } finally {
    await client.end()
  }
}

const COPY_IN_REDIS = `
  local value, left = redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])
  for index = 2, #KEYS do redis.call('SET', KEYS[index], value, 'PX', left) end
`
/** Maximum number of keys in one call of the script. */
const KEYS_OF_SCRIPT = 5000

async function intoRedis({ location, key, copies }: Filling): Promise<void> {
  const redis = createClient({ url: location })
  redis.on('error', () => {})
  await redis.connect()
  const [source] = await redis.keys(`*${key}`)
  if (source === undefined) throw new Error(`Redis has no session ${key.slice(0, 4)}….`)
  const prefix = source.slice(0, -key.length)
  for (const keys of batches(copies)) {
    for (let first = 0; first < keys.length; first += KEYS_OF_SCRIPT) {
      const some = keys.slice(first, first + KEYS_OF_SCRIPT).map((each) => prefix + each)
      await redis.eval(COPY_IN_REDIS, { keys: [source, ...some] })
    }
  }
  await redis.close()
}

/** The file of a key, named as in Nuages and Django. */
export const fileOf = (folder: string, key: string): string => path.join(folder, `sessionid${key}`)

function intoFolder({ location, key, copies }: Filling): void {
  const content = readFileSync(fileOf(location, key))
  for (const keys of batches(copies)) for (const each of keys) writeFileSync(fileOf(location, each), content)
}

/** Functions that fill a store, by its name. */
export const FILLERS = {
  'db-sqlite': intoSqlite,
  'db-postgresql': intoPostgresql,
  'cache-redis': intoRedis,
  file: intoFolder,
} as const satisfies Partial<Record<StoreName, (filling: Filling) => void | Promise<void>>>

export type FillableStore = keyof typeof FILLERS
