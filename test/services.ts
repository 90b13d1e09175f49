/**
 * The services that tests use: SQLite always; PostgreSQL, MySQL, Redis and memcached if a server responds.
 * TEST_POSTGRESQL_URL, TEST_MYSQL_URL, TEST_REDIS_URL and TEST_MEMCACHED name other servers than the local ones,
 * TEST_PYTHON another Python that has Django.
 * The content of that Redis database, and of that memcached, is cleared.
 */
import { execFile } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { databaseFromUrl } from '#core/conf'
import type { DatabaseSettings, Vendor } from '#core/db'
import { fastPaths } from '#core/utils'

export interface TestDatabase {
  /** For the titles of suites: `PostgreSQL`. */
  readonly name: string
  readonly vendor: Vendor
  /** An entry of DATABASES, for a database of this suite only. */
  readonly config: DatabaseSettings
  readonly available: boolean
  /** Why it is not available. */
  readonly reason: string
  /** Creates the database, empty. */
  create(): Promise<void>
  drop(): Promise<void>
}

interface Server {
  readonly name: string
  readonly vendor: Vendor
  readonly config: DatabaseSettings
  readonly run: (sql: string) => Promise<void>
}

const POSTGRESQL = process.env.TEST_POSTGRESQL_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const MYSQL = process.env.TEST_MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/'

const fromUrl = (url: string, variable: string) => databaseFromUrl(url, variable) as DatabaseSettings

function postgresql(): Server {
  const config = fromUrl(POSTGRESQL, 'TEST_POSTGRESQL_URL')
  return {
    name: 'PostgreSQL',
    vendor: 'postgresql',
    config,
    async run(sql) {
      const client = new Client({ connectionString: POSTGRESQL, connectionTimeoutMillis: 2000 })
      try {
        await client.connect()
        await client.query(sql)
      } finally {
        await client.end()
      }
    },
  }
}

function mysql(): Server {
  const config = fromUrl(MYSQL, 'TEST_MYSQL_URL')
  return {
    name: 'MySQL',
    vendor: 'mysql',
    config,
    async run(sql) {
      const client = await createConnection({ uri: MYSQL, connectTimeout: 2000 })
      try {
        await client.query(sql)
      } finally {
        await client.end()
      }
    },
  }
}

/** `npm test` without CI needs only Node and runs files in parallel, so it skips servers and other programs. */
export const usesServices = process.env.TEST_SERVICES !== 'off'

/** @returns why a service cannot be used, or '' */
async function reasonAgainst(name: string, hello: () => Promise<unknown>): Promise<string> {
  if (!usesServices) return `Tests with ${name}`
  return hello().then(
    () => '',
    (error: Error & { code?: string }) => `${name} does not respond: ${error.message || error.code}`,
  )
}

async function onServer({ name, vendor, config, run }: Server, database: string): Promise<TestDatabase> {
  const reason = await reasonAgainst(name, () => run('SELECT 1'))
  const force = vendor === 'postgresql' ? ' WITH (FORCE)' : ''
  const drop = () => run(`DROP DATABASE IF EXISTS ${database}${force}`)
  return {
    name,
    vendor,
    config: { ...config, NAME: database },
    available: reason === '',
    reason,
    async create() {
      await drop()
      await run(`CREATE DATABASE ${database}`)
    },
    drop,
  }
}

let folderOfAll: string | undefined

/** A new directory that is removed when the process ends. */
export function temporaryFolder(name: string): string {
  if (folderOfAll === undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-test-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    folderOfAll = folder
  }
  return mkdtempSync(path.join(folderOfAll, `${name}-`))
}

function sqlite(): TestDatabase {
  const folder = temporaryFolder('db')
  const file = path.join(folder, 'db.sqlite3')
  const drop = async () => {
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(file + ending, { force: true })
  }
  const config = { ENGINE: 'core.db.backends.sqlite3', NAME: file }
  return { name: 'SQLite', vendor: 'sqlite', config, available: true, reason: '', create: drop, drop }
}

/**
 * One database of each engine, not created yet.
 * @param suite part of the database's name, different for each test file, because files may run in parallel
 */
export async function databases(suite: string): Promise<TestDatabase[]> {
  const name = `nuages_test_${suite}_${process.pid}`
  return [sqlite(), await onServer(postgresql(), name), await onServer(mysql(), name)]
}

/**
 * A suite for each engine, whose database is created before it and dropped after it. A server that does not respond is
 * reported and skipped; with CI=true it is a failure.
 */
export function onEachDatabase(all: readonly TestDatabase[], body: (database: TestDatabase) => void): void {
  for (const database of all) {
    describe(`on ${database.name}`, () => {
      before(async function () {
        requireService(database, this)
        await database.create()
      })
      after(async () => {
        if (database.available) await database.drop()
      })
      body(database)
    })
  }
}

/** A server that keeps a cache. */
export interface TestCacheServer {
  readonly name: string
  /** The value of LOCATION. */
  readonly location: string
  readonly available: boolean
  /** Why it is not available. */
  readonly reason: string
}

const REDIS = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379/15'
const MEMCACHED = process.env.TEST_MEMCACHED ?? '127.0.0.1:11211'

/** Sends a line to a server and resolves when the response starts as expected. */
function greet(url: URL, line: string, response: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => socket.write(`${line}\r\n`))
    const end = (error?: Error) => {
      socket.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    socket.setTimeout(2000, () => end(new Error('no response within 2 seconds')))
    socket.once('error', end)
    socket.once('data', (data) => end(response.test(String(data)) ? undefined : new Error(`it says ${String(data)}`)))
  })
}

async function cacheServer(name: string, location: string, hello: () => Promise<void>): Promise<TestCacheServer> {
  const reason = await reasonAgainst(name, hello)
  return { name, location, available: reason === '', reason }
}

export const redis = (): Promise<TestCacheServer> =>
  cacheServer('Redis', REDIS, () => greet(new URL(REDIS), 'PING', /^(\+PONG|-NOAUTH)/))

export const memcached = (): Promise<TestCacheServer> =>
  cacheServer('Memcached', MEMCACHED, () => greet(new URL(`tcp://${MEMCACHED}`), 'version', /^VERSION/))

/** The Python interpreter of tests with Django. */
export const PYTHON = process.env.TEST_PYTHON ?? '/usr/bin/python3'

/** The parameters of `requireService` for Python packages that a test needs. */
export function python(...modules: string[]): Promise<Pick<TestCacheServer, 'available' | 'reason'>> {
  if (!usesServices) return Promise.resolve({ available: false, reason: 'Tests with Django in Python' })
  return new Promise((resolve) => {
    execFile(PYTHON, ['-c', `import ${modules.join(', ')}`], (error) => {
      const available = error === null
      resolve({ available, reason: available ? '' : `${PYTHON} does not have all of ${modules.join(', ')}.` })
    })
  })
}

/**
 * Skips a test, or in a `before` its suite. `npm test` collects the reasons of all its processes in the file TEST_SKIPPED
 * and lists them at the end.
 */
export function skipTest(test: Mocha.Context, reason: string): never {
  const { TEST_SKIPPED } = process.env
  if (TEST_SKIPPED === undefined) process.stdout.write(`Not run: ${reason}\n`)
  else appendFileSync(TEST_SKIPPED, `${reason}\n`)
  return test.skip()
}

/** Skips a test, or in a `before` its suite, if fast paths are off: it calls one, or counts what one saves. */
export function requireFastPaths(test: Mocha.Context): void {
  if (!fastPaths) skipTest(test, 'Tests of fast paths: NUAGES_FAST_PATHS is off.')
}

/** Skips where a service does not respond; with CI=true that is a failure. */
export function requireService(
  { available, reason }: Pick<TestCacheServer, 'available' | 'reason'>,
  test: Mocha.Context,
): void {
  if (available) return
  if (process.env.CI === 'true') throw new Error(reason)
  skipTest(test, reason)
}
