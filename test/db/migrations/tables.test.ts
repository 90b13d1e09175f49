/** The tables have Django's names and types, and a database that Django migrated counts as migrated. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import {
  appliedMigrations,
  connection,
  connections,
  loadMigrations,
  MigrationExecutor,
  MigrationRecorder,
  unappliedMigrations,
} from '#core/db'
import { databases, onEachDatabase } from '../../services.ts'

const all = await databases('tables')

type Rows = Record<string, unknown>[]

/** Columns as described by the engine: name, type, nullability, and whether it is in the primary key. */
const columns: Record<string, (table: string) => Promise<unknown[][]>> = {
  async sqlite(table) {
    const rows = (await connection.raw(`PRAGMA table_info(${table})`)) as Rows
    return rows.map((row) => [row.name, row.type, row.notnull === 1, row.pk === 1])
  },
  async postgresql(table) {
    const { rows } = (await connection.raw(
      `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS filled,
         COALESCE(a.attnum = ANY (i.indkey), false) AS key
       FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
       WHERE a.attrelid = ?::regclass AND a.attnum > 0 ORDER BY a.attnum`,
      [table],
    )) as { rows: Rows }
    return rows.map((row) => [row.name, row.type, row.filled, row.key])
  },
  async mysql(table) {
    const [rows] = (await connection.raw(
      `SELECT column_name AS name, column_type AS type, is_nullable = 'NO' AS filled, column_key = 'PRI' AS is_key
       FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`,
      [table],
    )) as [Rows]
    // MariaDB adds a display width, which MySQL 8 no longer does.
    const type = (row: Rows[number]) => String(row.type).replace(/int\(\d+\)$/, 'int')
    return rows.map((row) => [row.name, type(row), row.filled === 1, row.is_key === 1])
  },
}

const indexes: Record<string, (table: string) => Promise<string[]>> = {
  async sqlite(table) {
    return connection('sqlite_master').where({ type: 'index', tbl_name: table }).whereNotNull('sql').pluck('name')
  },
  async postgresql(table) {
    return connection('pg_indexes').where({ tablename: table }).orderBy('indexname').pluck('indexname')
  },
  async mysql(table) {
    const [rows] = (await connection.raw(`SHOW INDEX FROM ${table}`)) as [Rows]
    return rows.map((row) => String(row.Key_name))
  },
}

const EXPIRE = 'django_session_expire_date_a5c62663'

const sessionTable = {
  sqlite: {
    types: ['varchar(40)', 'TEXT', 'datetime'],
    indexes: [EXPIRE],
    id: 'INTEGER',
    applied: 'datetime',
  },
  postgresql: {
    types: ['character varying(40)', 'text', 'timestamp with time zone'],
    indexes: [EXPIRE, 'django_session_pkey', 'django_session_session_key_c0390e0f_like'],
    id: 'bigint',
    applied: 'timestamp with time zone',
  },
  mysql: {
    types: ['varchar(40)', 'longtext', 'datetime(6)'],
    indexes: ['PRIMARY', EXPIRE],
    id: 'bigint',
    applied: 'datetime(6)',
  },
}

/** The statements that Django 3.2 sends to each engine for these two tables. */
const djangoTables = {
  sqlite: [
    'CREATE TABLE "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL)',
    'CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL)',
    `CREATE INDEX "${EXPIRE}" ON "django_session" ("expire_date")`,
  ],
  postgresql: [
    'CREATE TABLE "django_migrations" ("id" serial NOT NULL PRIMARY KEY, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" timestamp with time zone NOT NULL)',
    'CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL)',
    'CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" ("session_key" varchar_pattern_ops)',
    `CREATE INDEX "${EXPIRE}" ON "django_session" ("expire_date")`,
  ],
  mysql: [
    'CREATE TABLE `django_migrations` (`id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY, `app` varchar(255) NOT NULL, `name` varchar(255) NOT NULL, `applied` datetime(6) NOT NULL)',
    'CREATE TABLE `django_session` (`session_key` varchar(40) NOT NULL PRIMARY KEY, `session_data` longtext NOT NULL, `expire_date` datetime(6) NOT NULL)',
    `CREATE INDEX \`${EXPIRE}\` ON \`django_session\` (\`expire_date\`)`,
  ],
}

const WHEN: Record<string, string> = {
  sqlite: '2026-11-21 07:10:33.123456',
  postgresql: '2026-11-21 07:10:33.123456+00:00',
  mysql: '2026-11-21 07:10:33.123456',
}

describe('the tables of migrations and sessions', () => {
  before(() => setup())

  onEachDatabase(all, (database) => {
    const { vendor } = database
    const using = (fn: () => Promise<void>) => () =>
      overrideSettings({ DATABASES: { default: database.config } }, async () => {
        await database.create()
        await fn()
      })

    const migrate = async (zero = false): Promise<number> => {
      const graph = await loadMigrations()
      const plan = graph.plan(
        [['sessions', zero ? null : '0001_initial']],
        await appliedMigrations(connections.database()),
      )
      return new MigrationExecutor(connections.database(), graph).execute(plan)
    }

    it(
      "are Django's, with Django's names of indexes",
      using(async () => {
        expect(await migrate()).to.equal(1)
        const expected = sessionTable[vendor]
        const [key, data, expire] = expected.types
        const found = await columns[vendor]?.('django_session')
        expect(
          found?.map(([name, type, ...rest]) => [
            name,
            vendor === 'sqlite' && name === 'session_data' ? String(type).toUpperCase() : type,
            ...rest,
          ]),
        ).to.deep.equal([
          ['session_key', key, true, true],
          ['session_data', data, true, false],
          ['expire_date', expire, true, false],
        ])
        expect(await indexes[vendor]?.('django_session')).to.have.members(expected.indexes)
        const own = (await columns[vendor]?.('django_migrations')) ?? []
        expect(
          own.map(([name, type, ...rest]) => [name, name === 'id' ? String(type).toUpperCase() : type, ...rest]),
        ).to.deep.equal([
          ['id', expected.id.toUpperCase(), true, true],
          ['app', vendor === 'postgresql' ? 'character varying(255)' : 'varchar(255)', true, false],
          ['name', vendor === 'postgresql' ? 'character varying(255)' : 'varchar(255)', true, false],
          ['applied', expected.applied, true, false],
        ])
        await migrate(true)
        expect(await connection.schema.hasTable('django_session')).to.equal(false)
      }),
    )

    it(
      'number the rows of django_migrations with the type of DEFAULT_AUTO_FIELD',
      using(() =>
        overrideSettings({ DEFAULT_AUTO_FIELD: 'django.db.models.AutoField' }, async () => {
          await new MigrationRecorder(connections.database(), connection).ensureTable()
          const [id] = (await columns[vendor]?.('django_migrations')) ?? []
          expect(String(id?.[1]).toLowerCase()).to.equal(
            { sqlite: 'integer', postgresql: 'integer', mysql: 'int' }[vendor],
          )
        }),
      ),
    )

    it(
      "are left alone in a database that Django has migrated, and so are Django's other migrations",
      using(async () => {
        for (const statement of djangoTables[vendor]) await connection.raw(statement)
        const rows = [
          { app: 'contenttypes', name: '0001_initial' },
          { app: 'polls', name: '0007_of_the_other_site' },
          { app: 'sessions', name: '0001_initial' },
        ]
        await connection('django_migrations').insert(rows.map((row) => ({ ...row, applied: WHEN[vendor] })))
        expect(await unappliedMigrations()).to.not.include('sessions.0001_initial')
        expect(await migrate()).to.equal(0)
        const applied = await appliedMigrations(connections.database())
        expect([...applied.keys()]).to.deep.equal([
          'contenttypes.0001_initial',
          'polls.0007_of_the_other_site',
          'sessions.0001_initial',
        ])
        expect(applied.get('sessions.0001_initial')?.applied).to.be.closeTo(
          Date.UTC(2026, 10, 21, 7, 10, 33) + 123.456,
          0.0005,
        )
        await migrate(true)
        expect(await connection('django_migrations').pluck('app')).to.have.members(['contenttypes', 'polls'])
      }),
    )
  })
})
