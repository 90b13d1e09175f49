/** The limit on PostgreSQL: three prepared statements on a pool of ten connections. */
import { Pool, type QueryConfig } from 'pg'
import type { DatabaseSettings } from '../../core/db/index.ts'
import type { ServerOptions } from '../server.ts'
import { AGE, limitWith } from './limit.ts'

/** The table as Django creates it, including its third index, for `like`. */
const TABLE = `
  create table django_session (session_key varchar(40) primary key, session_data text not null, expire_date timestamptz not null);
  create index expire on django_session (expire_date);
  create index starts on django_session (session_key varchar_pattern_ops);
`

/** Runs before a statement is prepared: the plan for an empty table scans all of it, and is kept as the table grows. */
const UNNAMED = 1000

type Query = (values: unknown[]) => QueryConfig

/** A statement that is prepared after a number of runs. */
export function statement(name: string, text: string): Query {
  let runs = 0
  return (values) => (runs++ < UNNAMED ? { text, values } : { name, text, values })
}

const SELECT = statement('load', 'select session_data from django_session where session_key = $1 and expire_date > $2')
const INSERT = statement(
  'create',
  'insert into django_session (session_key, session_data, expire_date) values ($1, $2, $3)',
)
const UPDATE = statement('save', 'update django_session set session_data = $2, expire_date = $3 where session_key = $1')

export const end = (): Date => new Date(Date.now() + AGE * 1000)

export async function openPostgresql({ location }: ServerOptions): Promise<Pool> {
  const { HOST, PORT, USER, PASSWORD, NAME } = JSON.parse(location) as DatabaseSettings
  const pool = new Pool({
    max: 10,
    ...(HOST !== undefined && { host: HOST }),
    ...(PORT !== undefined && { port: Number(PORT) }),
    ...(USER !== undefined && { user: USER }),
    ...(PASSWORD !== undefined && { password: PASSWORD }),
    ...(NAME !== undefined && { database: NAME }),
  })
  await pool.query(TABLE)
  return pool
}

export default limitWith(async (options) => {
  const pool = await openPostgresql(options)
  return {
    async load(key) {
      const { rows } = await pool.query<{ session_data: string }>(SELECT([key, new Date()]))
      return rows[0]?.session_data
    },
    create: (key, text) => pool.query(INSERT([key, text, end()])),
    save: (key, text) => pool.query(UPDATE([key, text, end()])),
  }
})
