/** The limit on SQLite: three prepared statements; each save is a separate transaction. */
import Database from 'better-sqlite3'
import type { ServerOptions } from '../server.ts'
import { AGE, limitWith, type Texts } from './limit.ts'

export function openSqlite({ location }: ServerOptions): Texts & { readonly db: Database.Database } {
  const db = new Database(location)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec(`
    create table django_session (session_key varchar(40) primary key, session_data text not null, expire_date datetime not null);
    create index expire on django_session (expire_date);
  `)
  const select = db.prepare('select session_data from django_session where session_key = ? and expire_date > ?').pluck()
  const insert = db.prepare('insert into django_session (session_key, session_data, expire_date) values (?, ?, ?)')
  const update = db.prepare('update django_session set session_data = ?, expire_date = ? where session_key = ?')
  const now = () => new Date().toISOString()
  const end = () => new Date(Date.now() + AGE * 1000).toISOString()
  return {
    db,
    load: (key) => select.get(key, now()) as string | undefined,
    create: (key, text) => insert.run(key, text, end()),
    save: (key, text) => update.run(text, end(), key),
  }
}

export default limitWith(openSqlite)
