/** Shared by several peers: the response of hello, a session table, a Redis client. */
import knex from 'knex'
import { createClient } from 'redis'

export const HELLO = 'Hello, world'

const openSqlite = (filename) =>
  knex({
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

/** Converts an entry of DATABASES to options of pg. */
export function postgresqlOf(location) {
  const { HOST: host, PORT: port, USER: user, PASSWORD: password, NAME: database } = JSON.parse(location)
  return { host, port, user, password, database }
}

/** @param location an SQLite file, or an entry of DATABASES for PostgreSQL as JSON */
export function openDatabase(location) {
  if (!location.startsWith('{')) return openSqlite(location)
  return knex({ client: 'pg', connection: postgresqlOf(location), pool: { min: 0, max: 10 } })
}

export async function openTable(location) {
  const db = openDatabase(location)
  await db.schema.createTable('sessions', (table) => {
    table.string('key').primary()
    table.text('data')
    table.bigInteger('expires').index()
  })
  return () => db('sessions')
}

export const openRedis = (url) => createClient({ url }).connect()
