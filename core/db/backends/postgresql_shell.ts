/** psql, with what an entry of DATABASES says. */
import type { ClientProgram, DatabaseSettings } from '../backend.ts'

/** OPTIONS with libpq's names, and the variables in which psql takes them. */
const VARIABLES = {
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
} as const

type Options = Readonly<Partial<Record<keyof typeof VARIABLES, string>>>

export function psql(entry: DatabaseSettings, parameters: readonly string[]): ClientProgram {
  const { NAME, USER, PASSWORD, HOST, PORT } = entry
  const options: Options = entry.OPTIONS ?? {}
  const flags = Object.entries({ '-U': USER, '-h': HOST, '-p': PORT })
  // A service names its database itself.
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
