/** PostgreSQL with pg. */
import {
  type ClientProgram,
  codeOf,
  type DatabaseBackend,
  type DatabaseLocation,
  type DatabaseSettings,
  type Dialect,
  isNetworkError,
} from '../backend.ts'
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatSetting } from '#core/conf'
import { fastPaths } from '#core/utils'
import { driverOptions, knexDialect, poolOf, requireDriver } from '../drivers.ts'
import { connectionZone } from '../date_strings.ts'

// The command line client.

/** OPTIONS with the names of libpq, and the environment variables by which they are passed to psql. */
const VARIABLES = {
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
} as const

type Options = Readonly<Partial<Record<keyof typeof VARIABLES, string>>>

function psql(entry: DatabaseSettings, parameters: readonly string[]): ClientProgram {
  const { NAME, USER, PASSWORD, HOST, PORT } = entry
  const options: Options = entry.OPTIONS ?? {}
  const flags = Object.entries({ '-U': USER, '-h': HOST, '-p': PORT })
  // A service specifies its database.
  const name = NAME || (options.service ? '' : 'postgres')
  const variables = Object.entries(VARIABLES).map(([option, variable]) => [variable, options[option as keyof Options]])
  const set = [['PGPASSWORD', PASSWORD], ...variables].filter(([, value]) => value)
  return {
    commands: ['psql'],
    args: [
      ...flags.flatMap(([flag, value]) => (value ? [flag, String(value)] : [])),
      ...parameters,
      ...(name === '' ? [] : [name]),
    ],
    env: Object.fromEntries(set) as Record<string, string>,
  }
}

interface PgDriver {
  readonly types: { getTypeParser(oid: number, format?: string): (text: string) => unknown }
}

/** OPTIONS with the names of libpq, as in Django. The others are passed to pg. */
interface PgOptions {
  /** Seconds. */
  readonly connect_timeout?: number | string
  readonly sslmode?: string
  readonly sslrootcert?: string
  readonly sslcert?: string
  readonly sslkey?: string
  /** psycopg's: after how many runs a statement is prepared; null for never. */
  readonly prepare_threshold?: number | null
}

const [INT8, TIMESTAMP, TIMESTAMPTZ] = [20, 1114, 1184]
const READ_HERE = [
  'connect_timeout',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'prepare_threshold',
  'response_timeout',
  'pool',
]
/** Seconds. As long as a server does not answer, attempts to connect occupy the pool for this long. */
const CONNECT_TIMEOUT = 2
/**
 * Number of runs after which a statement is prepared. A plan that is made while a table is empty scans the whole table, and
 * is used until the table is analyzed.
 */
const PREPARE_THRESHOLD = 1000
const SOCKET_FOLDERS = ['/var/run/postgresql', '/tmp']

/** The SQLSTATE of a write in a transaction that can only read, as all can on a standby server. */
const READ_ONLY = '25006'

/** The advisory lock of migrations, so that only one process migrates a database at a time. */
const MIGRATION_LOCK = 7_226_501_937

/** Dates remain strings, because a Date would lose the microseconds. An int8 is a number if it is a safe integer. */
function typeParser(oid: number, format: string | undefined, { types }: PgDriver): (text: string) => unknown {
  if (oid === TIMESTAMP || oid === TIMESTAMPTZ) return (text) => text
  if (oid === INT8) return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text)
  return types.getTypeParser(oid, format)
}

/** The host if HOST is not set: as with libpq, the directory of the server's socket if there is one. */
function defaultHost(port: number): string | undefined {
  if (process.env.PGHOST) return undefined
  return SOCKET_FOLDERS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`))
}

function encryption({ sslmode, sslrootcert, sslcert, sslkey }: PgOptions, { alias }: DatabaseLocation): object {
  if (sslmode === undefined || sslmode === 'disable' || sslmode === 'allow' || sslmode === 'prefer') return {}
  const verified = { require: false, 'verify-ca': true, 'verify-full': true }[sslmode]
  if (verified === undefined) {
    throw new ImproperlyConfigured(
      `DATABASES['${alias}'].OPTIONS.sslmode should be disable, allow, prefer, require, verify-ca or verify-full, found '${sslmode}'.`,
    )
  }
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, 'utf8'))
  const anyName = sslmode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}
  return {
    ssl: { rejectUnauthorized: verified, ca: read(sslrootcert), cert: read(sslcert), key: read(sslkey), ...anyName },
  }
}

function connectionOf(entry: DatabaseSettings, place: DatabaseLocation, driver: PgDriver): object {
  const options: PgOptions = entry.OPTIONS ?? {}
  const port = Number(entry.PORT || process.env.PGPORT || 5432)
  return {
    host: entry.HOST || defaultHost(port),
    port,
    user: entry.USER || process.env.PGUSER || userInfo().username,
    ...(entry.PASSWORD ? { password: entry.PASSWORD } : {}),
    database: entry.NAME || process.env.PGDATABASE || 'postgres',
    connectionTimeoutMillis: Number(options.connect_timeout ?? CONNECT_TIMEOUT) * 1000,
    types: {
      getTypeParser: (oid: number, format?: string) => typeParser(oid, format, driver),
    },
    ...encryption(options, place),
    ...driverOptions(options, READ_HERE),
  }
}

const prepareThreshold = ({ OPTIONS }: DatabaseSettings): number | null => {
  const { prepare_threshold: threshold = PREPARE_THRESHOLD }: PgOptions = OPTIONS ?? {}
  return threshold
}

function checkThreshold(entry: DatabaseSettings, { alias }: DatabaseLocation): void {
  const threshold = prepareThreshold(entry)
  if (threshold === null || (Number.isInteger(threshold) && threshold >= 0)) return
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'].OPTIONS.prepare_threshold should be the number of runs after which a statement is prepared, or null for never, found ${formatSetting(threshold)}.`,
  )
}

export const backend: DatabaseBackend = {
  vendor: 'postgresql',
  displayName: 'PostgreSQL',
  hasTransactionalDdl: true,
  keepsInstants: true,

  dialect(place): Dialect {
    const Base = knexDialect('postgres')
    return class PostgreSQL extends Base {
      _driver(): unknown {
        return requireDriver('pg', place)
      }
    }
  },

  configure(entry, place) {
    const driver = requireDriver('pg', place) as PgDriver
    checkThreshold(entry, place)
    return {
      connection: connectionOf(entry, place, driver),
      // As in Django, so that CURRENT_DATE and the like are in the time zone of the project.
      ...poolOf(entry, () => [`SET TIME ZONE '${connectionZone(entry).replaceAll("'", "''")}'`]),
    }
  },

  idleConnectionsSql: "select pid as id from pg_stat_activity where usename = current_user and state like 'idle%'",

  ...(fastPaths && {
    preparing: (entry: DatabaseSettings) => ({
      threshold: prepareThreshold(entry),
      // 26000 no such name, 42P05 the name is taken, 0A000 the table has other columns now: nothing was done.
      isUnknown: (error: unknown) => /^(26000|42P05|0A000)$/.test(codeOf(error)),
    }),
  }),

  shell: (entry, _place, parameters) => psql(entry, parameters),

  async lockMigrations(_pool, single, migrate) {
    const db = single()
    try {
      await db.raw("SET lock_timeout = '600s'")
      await db.raw('SELECT pg_advisory_lock(?)', [MIGRATION_LOCK])
      await db.raw('RESET lock_timeout')
      return await migrate(db)
    } finally {
      // Closing the connection releases the lock.
      await db.destroy()
    }
  },

  migrationTransaction: (db, body) => db.transaction(body),

  isUniqueViolation: (error) => codeOf(error) === '23505',

  // The detail is "Key (username)=(ada) already exists." A role that may not read the table does not get it.
  violatedKey: (error) => {
    const { detail = '', constraint = '' } = error as { detail?: string; constraint?: string }
    const [start, end] = [detail.indexOf('('), detail.indexOf(')=')]
    return start >= 0 && end > start ? detail.slice(start + 1, end) : constraint
  },

  // A SQLSTATE. 40003 says that the outcome is unknown.
  isRefusal: (error) => /^(?!40003)[0-9A-Z]{5}$/.test(codeOf(error)) && 'severity' in (error as object),

  isReadOnly: (error) => codeOf(error) === READ_ONLY,

  // Classes 08 connection, 28 authorization, 53 too many connections or no space, 57P0x shutting down; 3D000 no database.
  isConnectionError: (error) =>
    /^(08...|28...|57P0.|53...|3D000)$/.test(codeOf(error)) || codeOf(error) === READ_ONLY || isNetworkError(error),
}
