/** SQLite with better-sqlite3: one connection for each process, and a write-ahead log. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import { fastPaths } from '#core/utils'
import {
  codeOf,
  type DatabaseBackend,
  type DatabaseSettings,
  isNetworkError,
  type DatabaseLocation,
} from '../backend.ts'
import { fastSqliteDialect, SqliteReader, transactionSync } from '../fast/sqlite3_client.ts'
import { isBusy } from './sqlite3_busy.ts'
import { isUsable, sqliteDialect, transactionMode } from './sqlite3_client.ts'

const MEMORY = ':memory:'

/** How long to wait for a migration of another process. */
const MIGRATION_WAIT_MS = 600_000

/** The connection is never closed when it is idle: that would delete a database in memory. */
const NEVER_MS = 2 ** 31 - 1

function fileOf({ NAME }: DatabaseSettings, { alias, root }: DatabaseLocation): string {
  if (NAME === undefined || NAME === '') {
    throw new ImproperlyConfigured(
      `DATABASES['${alias}'].NAME is missing. For SQLite it is the path of the database file, or '${MEMORY}'.`,
    )
  }
  if (NAME.startsWith('file:')) {
    throw new ImproperlyConfigured(
      `DATABASES['${alias}'].NAME is a 'file:' URI, which is not supported. Give a path, or '${MEMORY}'.`,
    )
  }
  return NAME === MEMORY ? MEMORY : path.resolve(root, NAME)
}

function requireDirectory(file: string, { alias }: DatabaseLocation): void {
  const folder = path.dirname(file)
  if (file === MEMORY || existsSync(folder)) return
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'].NAME is '${file}', but there is no folder ${folder}. Make the folder, or change NAME.`,
  )
}

/** @throws Error if rows refer to rows that do not exist */
async function refuseBrokenReferences(trx: Knex): Promise<void> {
  const broken = (await trx.raw('PRAGMA foreign_key_check')) as { table: string; parent: string }[]
  const first = broken[0]
  if (first === undefined) return
  throw new Error(
    `${broken.length} row(s) would refer to rows that do not exist, the first of them from ${first.table} to ${first.parent}.`,
  )
}

/** Runs a transaction in which foreign keys are not enforced until its end. */
async function withoutForeignKeys<T>(db: Knex, body: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const client = db.client as Knex.Client
  const connection = (await client.acquireConnection()) as unknown
  const pragma = (state: 'ON' | 'OFF') => db.raw(`PRAGMA foreign_keys = ${state}`).connection(connection)
  try {
    // SQLite changes a table by copying it, which would delete rows that refer to it. The pragma has no effect inside a
    // transaction, so the connection is acquired first.
    await pragma('OFF')
    const checked = async (trx: Knex.Transaction): Promise<T> => {
      const result = await body(trx)
      await refuseBrokenReferences(trx)
      return result
    }
    return await db.transaction(checked, { connection })
  } finally {
    await pragma('ON')
    await client.releaseConnection(connection)
  }
}

export const backend: DatabaseBackend = {
  vendor: 'sqlite',
  displayName: 'SQLite',
  hasTransactionalDdl: true,
  keepsInstants: false,

  dialect: fastPaths ? fastSqliteDialect : sqliteDialect,

  configure(entry, place) {
    const filename = fileOf(entry, place)
    requireDirectory(filename, place)
    transactionMode(entry.OPTIONS ?? {}, place)
    return {
      connection: { filename, options: { ...entry.OPTIONS } },
      // Two connections would wait for each other's locks, which blocks the process.
      pool: { min: filename === MEMORY ? 1 : 0, max: 1, idleTimeoutMillis: NEVER_MS, validate: isUsable },
      useNullAsDefault: true,
    }
  },

  shell: (entry, place, parameters) => ({
    commands: ['sqlite3'],
    args: [fileOf(entry, place), ...parameters],
    env: {},
  }),

  exists(entry, place) {
    const file = fileOf(entry, place)
    return file === MEMORY || existsSync(file)
  },

  // A transaction locks the whole file, and each migration checks in its own transaction whether it is already applied.
  lockMigrations: (pool, _single, migrate) => migrate(pool),

  async migrationTransaction(db, body) {
    const deadline = performance.now() + MIGRATION_WAIT_MS
    for (;;) {
      let begun = false
      const begin = (trx: Knex.Transaction) => {
        begun = true
        return body(trx)
      }
      try {
        return await withoutForeignKeys(db, begin)
      } catch (error) {
        if (begun || !isBusy(error) || performance.now() > deadline) throw error
        await wait(50)
      }
    }
  },

  ...(fastPaths && {
    transactionSync,
    // A second connection would not see a database in memory.
    readsSync: ({ NAME }: DatabaseSettings) => NAME !== MEMORY,
    openReader: (pool: Knex) => new SqliteReader(pool),
  }),

  isUniqueViolation: (error) => /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID)$/.test(codeOf(error)),

  // The statement, followed by "UNIQUE constraint failed: auth_user.username, auth_user.email".
  violatedKey: (error) => {
    const columns = (error as Error).message.split('constraint failed: ').at(-1) ?? ''
    return columns
      .split(', ')
      .map((column) => column.slice(column.indexOf('.') + 1))
      .join(', ')
  },

  // A statement is over when it returns, and a failed transaction is rolled back.
  isRefusal: () => true,

  isConnectionError: (error) =>
    /^SQLITE_(BUSY|LOCKED|READONLY|CANTOPEN|PERM|IOERR|FULL|PROTOCOL|NOTADB)/.test(codeOf(error)) ||
    // better-sqlite3 about a connection that was closed together with one that could not write.
    (error instanceof TypeError && error.message === 'The database connection is not open') ||
    isNetworkError(error),
}
