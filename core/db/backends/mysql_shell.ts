/** The client of MySQL and MariaDB, with what an entry of DATABASES says. */
import type { ClientProgram, DatabaseSettings } from '../backend.ts'

/** What OPTIONS may say in the place of the entry itself, by the names of Django's driver. */
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

/** A file's path. The settings may also hold a certificate or a key itself, which is nothing for a command line. */
const fileOf = (value: unknown): string | undefined =>
  typeof value === 'string' && !value.includes('\n') ? value : undefined

function server(entry: DatabaseSettings, options: Options): Record<string, string | number | undefined> {
  const host = options.host ?? entry.HOST
  const socket = options.unix_socket ?? (host?.includes('/') ? host : undefined)
  if (socket !== undefined) return { socket }
  // The client by itself would look for a socket, and leave the port out of account; we connect to this address.
  const usual = options.read_default_file === undefined ? '127.0.0.1' : undefined
  return { host: host || usual, port: options.port ?? entry.PORT }
}

export function mysql(entry: DatabaseSettings, parameters: readonly string[]): ClientProgram {
  const options: Options = entry.OPTIONS ?? {}
  const { ssl = {} } = options
  const flags = {
    // The client wants it before all others.
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
    // MariaDB gives up the name that it took over from MySQL.
    commands: ['mysql', 'mariadb'],
    args: [
      ...Object.entries(flags).flatMap(([flag, value]) => (value ? [`--${flag}=${value}`] : [])),
      ...(name ? [name] : []),
      ...parameters,
    ],
    env: password ? { MYSQL_PWD: password } : {},
  }
}
