/** The limit on PostgreSQL with batching: at most two concurrent batches of a kind, each one prepared statement. */
import { gathered } from './gathered.ts'
import { limitWith, type TextsIn } from './limit.ts'
import { end, openPostgresql, statement } from './limit_postgresql.ts'

const SELECT = statement(
  'load_all',
  'select session_key, session_data from django_session where session_key = any($1) and expire_date > $2',
)
const INSERT = statement(
  'create_all',
  'insert into django_session (session_key, session_data, expire_date)' +
    ' select * from unnest($1::text[], $2::text[], $3::timestamptz[])',
)
const UPDATE = statement(
  'save_all',
  'update django_session s set session_data = n.text, expire_date = n.date' +
    ' from unnest($1::text[], $2::text[], $3::timestamptz[]) as n(key, text, date) where s.session_key = n.key',
)

const SLOTS = 2

interface Save {
  readonly key: string
  readonly text: string
}

export const textsIn: TextsIn = async (options) => {
  const pool = await openPostgresql(options)
  const load = async (keys: readonly string[]): Promise<(string | undefined)[]> => {
    const { rows } = await pool.query<{ session_key: string; session_data: string }>(SELECT([keys, new Date()]))
    const texts = new Map(rows.map((row) => [row.session_key, row.session_data]))
    return keys.map((key) => texts.get(key))
  }
  const saved = (write: typeof INSERT) => async (saves: readonly Save[]) => {
    const newest = [...new Map(saves.map((save) => [save.key, save])).values()]
    const date = end()
    await pool.query(write([newest.map(({ key }) => key), newest.map(({ text }) => text), newest.map(() => date)]))
    return saves
  }
  const [loads, inserts, updates] = [
    gathered(load, SLOTS),
    gathered(saved(INSERT), SLOTS),
    gathered(saved(UPDATE), SLOTS),
  ]
  return {
    load: loads,
    create: (key, text) => inserts({ key, text }),
    save: (key, text) => updates({ key, text }),
  }
}

export default limitWith(textsIn)
