/** What several peers need: the text of hello, a table of sessions, a client of Redis. */
import knex from 'knex'
import { createClient } from 'redis'

export const HELLO = 'Hello, world'

export function openDatabase(filename) {
  return knex({
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
    pool: {
      afterCreate(connection, done) {
        connection.pragma('journal_mode = WAL')
        connection.pragma('synchronous = NORMAL')
        done(null, connection)
      },
    },
  })
}

export async function openTable(filename) {
  const db = openDatabase(filename)
  await db.schema.createTable('sessions', (table) => {
    table.string('key').primary()
    table.text('data')
    table.bigInteger('expires').index()
  })
  return () => db('sessions')
}

export const openRedis = (url) => createClient({ url }).connect()
