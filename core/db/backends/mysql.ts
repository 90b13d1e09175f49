/** MySQL and MariaDB with mysql2. */
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
import { ImproperlyConfigured } from '#core/exceptions'
import { formatSetting } from '#core/conf'
import { driverOptions, knexDialect, poolOf, requireDriver } from '../drivers.ts'

// The command line client.

/** OPTIONS that override the entry itself, with the names of Django's driver. */
interface Options {
  readonly charset?: string
  readonly database?: string
  readonly db?: string
  readonly host?: string
  readonly passwd?: string
  readonly password?: string
  readonly port?: number | string
  readonly read_default_file?: string
  readonly ssl?: Readonly<Record<string, unknown>>
  readonly unix_socket?: string
  readonly user?: string
}

/** The path of a file. Settings may also contain a certificate or a key itself, which cannot be passed to the client. */
const fileOf = (value: unknown): string | undefined =>
  typeof value === 'string' && !value.includes('\n') ? value : undefined

function server(entry: DatabaseSettings, options: Options): Record<string, string | number | undefined> {
  const host = options.host ?? entry.HOST
  const socket = options.unix_socket ?? (host?.includes('/') ? host : undefined)
  if (socket !== undefined) return { socket }
  // Without a host, the client uses a socket and ignores the port.
  const usual = options.read_default_file === undefined ? '127.0.0.1' : undefined
  return { host: host || usual, port: options.port ?? entry.PORT }
}

function mysql(entry: DatabaseSettings, parameters: readonly string[]): ClientProgram {
  const options: Options = entry.OPTIONS ?? {}
  const { ssl = {} } = options
  const flags = {
    // The client requires it to be first.
    'defaults-file': options.read_default_file,
    user: options.user ?? entry.USER,
    ...server(entry, options),
    'ssl-ca': fileOf(ssl.ca),
    'ssl-cert': fileOf(ssl.cert),
    'ssl-key': fileOf(ssl.key),
    'default-character-set': options.charset,
  }
  const password = options.password ?? options.passwd ?? entry.PASSWORD
  const name = options.database ?? options.db ?? entry.NAME
  return {
    // Recent releases of MariaDB have no program named mysql.
    commands: ['mysql', 'mariadb'],
    args: [
      ...Object.entries(flags).flatMap(([flag, value]) => (value ? [`--${flag}=${value}`] : [])),
      ...(name ? [name] : []),
      ...parameters,
    ],
    env: password ? { MYSQL_PWD: password } : {},
  }
}

/** OPTIONS with the names of Django's driver. The others are passed to mysql2. */
interface MysqlOptions {
  readonly charset?: string
  /** Seconds. */
  readonly connect_timeout?: number | string
  readonly init_command?: string
  readonly isolation_level?: string | null
  readonly sql_mode?: string
  readonly ssl?: Readonly<Record<string, unknown>>
  readonly unix_socket?: string
  readonly read_default_file?: string
  readonly use_unicode?: boolean
  /** Seconds. */
  readonly response_timeout?: number | null
  readonly pool?: unknown
}

const READ_HERE: readonly (keyof MysqlOptions)[] = [
  'charset',
  'connect_timeout',
  'init_command',
  'isolation_level',
  'sql_mode',
  'ssl',
  'unix_socket',
  'read_default_file',
  'use_unicode',
  'response_timeout',
  'pool',
]

/** Seconds. As long as a server does not answer, attempts to connect occupy the pool for this long. */
const CONNECT_TIMEOUT = 2
const LOCK_WAIT = 600
const ISOLATION_LEVELS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']

/** Codes of a write to a replica, or in a transaction that can only read. */
const READ_ONLY = ['ER_OPTION_PREVENTS_STATEMENT', 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION', 'ER_READ_ONLY_MODE']

const refused =
  /^ER_(ACCESS_DENIED_ERROR|DBACCESS_DENIED_ERROR|BAD_DB_ERROR|CON_COUNT_ERROR|TOO_MANY_USER_CONNECTIONS|HOST_\w+|SERVER_SHUTDOWN|DISK_FULL|LOCK_WAIT_TIMEOUT)$/

function optionsOf({ OPTIONS }: DatabaseSettings, { alias }: DatabaseLocation): MysqlOptions {
  const options: MysqlOptions = OPTIONS ?? {}
  if (options.read_default_file !== undefined) {
    throw new ImproperlyConfigured(
      `DATABASES['${alias}'].OPTIONS.read_default_file is not read here. Give NAME, USER, PASSWORD, HOST and PORT.`,
    )
  }
  return options
}

/** `ssl` contains the names of files, as in Django. The driver requires their contents. */
function encryption({ ssl }: MysqlOptions): object {
  if (ssl === undefined) return {}
  const read = (value: unknown) =>
    typeof value === 'string' && existsSync(value) ? readFileSync(value, 'utf8') : value
  return { ssl: Object.fromEntries(Object.entries(ssl).map(([name, value]) => [name, read(value)])) }
}

/** The first statements of a connection: READ COMMITTED as in Django, and strict mode, so that no data is truncated. */
function firstStatements(
  { isolation_level = 'read committed', sql_mode, init_command }: MysqlOptions,
  { alias }: DatabaseLocation,
) {
  if (isolation_level !== null && !ISOLATION_LEVELS.includes(isolation_level.toLowerCase())) {
    throw new ImproperlyConfigured(
      `DATABASES['${alias}'].OPTIONS.isolation_level should be one of ${ISOLATION_LEVELS.join(', ')}, found ${formatSetting(isolation_level)}.`,
    )
  }
  const mode =
    sql_mode === undefined
      ? "CONCAT_WS(',', @@SESSION.sql_mode, 'STRICT_TRANS_TABLES')"
      : `'${sql_mode.replaceAll("'", "''")}'`
  return [
    `SET SESSION sql_mode = ${mode}`,
    ...(isolation_level === null ? [] : [`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation_level.toUpperCase()}`]),
    ...(init_command === undefined ? [] : [init_command]),
  ]
}

function connectionOf(entry: DatabaseSettings, place: DatabaseLocation): object {
  if (!entry.NAME)
    throw new ImproperlyConfigured(`DATABASES['${place.alias}'].NAME, the name of the database, is missing.`)
  const options = optionsOf(entry, place)
  const { charset, connect_timeout, unix_socket } = options
  const socket = unix_socket ?? (entry.HOST?.startsWith('/') ? entry.HOST : undefined)
  return {
    ...(socket === undefined
      ? { host: entry.HOST || '127.0.0.1', port: Number(entry.PORT || 3306) }
      : { socketPath: socket }),
    ...(entry.USER ? { user: entry.USER } : {}),
    ...(entry.PASSWORD ? { password: entry.PASSWORD } : {}),
    database: entry.NAME,
    charset: charset ?? 'utf8mb4',
    connectTimeout: Number(connect_timeout ?? CONNECT_TIMEOUT) * 1000,
    supportBigNumbers: true,
    timezone: 'Z',
    // A JavaScript Date would lose the microseconds, and assume a time zone.
    dateStrings: true,
    ...encryption(options),
    ...driverOptions(options, READ_HERE),
  }
}

export const backend: DatabaseBackend = {
  vendor: 'mysql',
  displayName: 'MySQL',
  hasTransactionalDdl: false,
  keepsInstants: false,

  dialect(place): Dialect {
    const Base = knexDialect('mysql2')
    return class MySQL extends Base {
      _driver(): unknown {
        return requireDriver('mysql2', place)
      }
    }
  },

  configure(entry, place) {
    requireDriver('mysql2', place)
    const statements = firstStatements(optionsOf(entry, place), place)
    return {
      connection: connectionOf(entry, place),
      ...poolOf(entry, () => statements),
    }
  },

  idleConnectionsSql: "select id from information_schema.processlist where command = 'Sleep'",

  killSql: (id) => `kill ${id}`,

  shell: (entry, _place, parameters) => mysql(entry, parameters),

  async lockMigrations(_pool, single, migrate) {
    const db = single()
    try {
      // Names of locks are global to the server, not to a database.
      const [rows] = (await db.raw("SELECT GET_LOCK(CONCAT('nuages.migrate.', LEFT(SHA1(DATABASE()), 40)), ?) AS got", [
        LOCK_WAIT,
      ])) as [{ got: number | null }[]]
      if (rows[0]?.got !== 1)
        throw new Error(`Another process has been migrating this database for ${LOCK_WAIT} seconds.`)
      return await migrate(db)
    } finally {
      // Closing the connection releases the lock.
      await db.destroy()
    }
  },

  migrationTransaction: (db, body) => db.transaction(body),

  isUniqueViolation: (error) => codeOf(error).startsWith('ER_DUP_ENTRY'),

  // "Duplicate entry 'ada' for key 'username'". MySQL 8 adds the table: 'auth_user.username'.
  violatedKey: (error) =>
    /'(?:[^'.]*\.)?([^'.]*)'$/.exec(String((error as { sqlMessage?: unknown }).sqlMessage))?.[1] ?? '',

  isRefusal: (error) => codeOf(error).startsWith('ER_') && (error as { fatal?: boolean }).fatal !== true,

  isReadOnly: (error) => READ_ONLY.includes(codeOf(error)),

  isConnectionError: (error) =>
    READ_ONLY.includes(codeOf(error)) ||
    codeOf(error).startsWith('PROTOCOL_') ||
    refused.test(codeOf(error)) ||
    isNetworkError(error),
}
