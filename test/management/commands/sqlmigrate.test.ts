/** sqlmigrate: the SQL of a migration on each engine, without a database. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { CommandError } from '#core/management'
import SqlMigrate from '../../../core/management/commands/sqlmigrate.ts'
import { outcomeOf, projectWith, restoreApps, type TestProject } from '../../db/migrations/project.ts'

const sql = (appLabel: string, migrationName: string, options: object = {}) =>
  outcomeOf<object>(SqlMigrate, { appLabel, migrationName, ...options })

const on = (engine: string, fn: () => Promise<void>) => () =>
  overrideSettings(
    { DATABASES: { default: { ENGINE: `core.db.backends.${engine}`, NAME: 'no_such_database', PORT: 1 } } },
    fn,
  )

describe('sqlmigrate', () => {
  let project: TestProject

  before(() => setup())
  before(async () => {
    project = projectWith({
      polls: {
        '0001_initial': `
          export const operations = ['Create table a', 'Fill table a']
          export async function up(db) {
            if (!(await db.schema.hasTable('a'))) await db.schema.createTable('a', (t) => { t.string('name', 10) })
            await db.knex('a').insert({ name: "it's" })
            await db.raw('UPDATE a SET name = ?', ['x'])
          }
        `,
        '0002_nothing': `export const dependencies = [['polls', '0001_initial']]\nexport const up = () => {}`,
        '0003_apart': `export const dependencies = [['polls', '0002_nothing']]\nexport const atomic = false\nexport const up = (db) => db.raw('DELETE FROM a')`,
        '0004_reads': `
          export const dependencies = [['polls', '0003_apart']]
          export async function up(db) { const [row] = await db.raw('SELECT max(id) AS id FROM a'); await db.raw('DELETE FROM a WHERE id = ?', [row.id]) }
        `,
        '0005_columns': `
          export const dependencies = [['polls', '0004_reads']]
          export async function up(db) {
            await db.schema.alterTable('a', (t) => { t.dropColumn('x') })
            await db.schema.alterTable('a', (t) => { t.string('name', 20).alter() })
            await db.knex.transaction((trx) => trx.schema.alterTable('a', (t) => { t.dropColumn('y') }))
          }
        `,
        '0006_rows': `
          export const dependencies = [['polls', '0005_columns']]
          export async function up(db) { for (const row of await db.knex('a')) await db.knex('a').update(row) }
        `,
      },
      bare: {},
    })
    await project.install('core.contrib.sessions')
  })
  after(async () => {
    await restoreApps()
    project.remove()
  })

  it(
    'prints a transaction with its statements, on SQLite',
    on('sqlite3', async () => {
      expect((await sql('sessions', '0001_initial')).stdout).to.equal(
        [
          'BEGIN;',
          '--',
          '-- Create model Session',
          '--',
          'create table `django_session` (`session_key` varchar(40) not null, `session_data` text not null, `expire_date` datetime not null, primary key (`session_key`));',
          'create index `django_session_expire_date_a5c62663` on `django_session` (`expire_date`);',
          'COMMIT;\n',
        ].join('\n'),
      )
    }),
  )

  it(
    'prints it for PostgreSQL',
    on('postgresql', async () => {
      expect((await sql('sessions', '0001')).stdout).to.equal(
        [
          'BEGIN;',
          '--',
          '-- Create model Session',
          '--',
          'create table "django_session" ("session_key" varchar(40) not null, "session_data" text not null, "expire_date" timestamptz not null, constraint "django_session_pkey" primary key ("session_key"));',
          'create index "django_session_expire_date_a5c62663" on "django_session" ("expire_date");',
          'CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" ("session_key" varchar_pattern_ops);',
          'COMMIT;\n',
        ].join('\n'),
      )
    }),
  )

  it(
    'prints it for MySQL without a transaction, which would have no effect',
    on('mysql', async () => {
      const { stdout } = await sql('sessions', '0001')
      expect(stdout).to.match(/^--\n-- Create model Session\n--\ncreate table `django_session` \(/)
      expect(stdout).to.include('`session_data` longtext not null, `expire_date` datetime(6) not null')
      expect(stdout).to.not.include('COMMIT')
    }),
  )

  it(
    'prints the reversal with --backwards',
    on('sqlite3', async () => {
      expect((await sql('sessions', '0001', { backwards: true })).stdout).to.equal(
        'BEGIN;\n--\n-- Undo Create model Session\n--\ndrop table `django_session`;\nCOMMIT;\n',
      )
    }),
  )

  for (const engine of ['sqlite3', 'postgresql', 'mysql']) {
    it(
      `prints values inside the statements and queries as comments, on ${engine}`,
      on(engine, async () => {
        const { stdout } = await sql('polls', '0001')
        expect(stdout).to.include('-- Create table a\n-- Fill table a\n--\n-- queries the database: select ')
        expect(stdout).to.match(/insert into .a. \(.name.\) values \('it(''|\\')s'\);\nUPDATE a SET name = 'x';/)
      }),
    )
  }

  it(
    'prints how SQLite changes columns: the table is created again',
    on('sqlite3', async () => {
      expect((await sql('polls', '0005')).stdout).to.equal(
        [
          'BEGIN;',
          '-- queries the database: PRAGMA table_info(`a`)',
          '-- recreates `a`: dropColumn',
          '-- recreates `a`: alterColumn',
          'BEGIN IMMEDIATE;',
          '-- queries the database: PRAGMA table_info(`a`)',
          '-- recreates `a`: dropColumn',
          'COMMIT;',
          'COMMIT;\n',
        ].join('\n'),
      )
    }),
  )

  it(
    'returns no rows, on PostgreSQL',
    on('postgresql', async () => {
      expect((await sql('polls', '0006')).stdout).to.equal(
        'BEGIN;\n-- queries the database: select * from "a"\nCOMMIT;\n',
      )
    }),
  )

  it(
    'reports that there is nothing to do, and omits the transaction if the migration does',
    on('sqlite3', async () => {
      expect(await sql('polls', '0002')).to.deep.equal({
        stdout: '',
        stderr: 'No operations found.\n',
        error: undefined,
      })
      expect((await sql('polls', '0003')).stdout).to.equal('DELETE FROM a;\n')
    }),
  )

  it(
    'reports that a migration depends on a result',
    on('sqlite3', async () => {
      const { error } = await sql('polls', '0004')
      expect(error).to.be.instanceOf(CommandError)
      expect(String(error)).to.include('The SQL of polls.0004_reads cannot be told without running it')
    }),
  )

  const refusals: [string, string, string][] = [
    ['nope', '0001', "No installed app with label 'nope'."],
    ['bare', '0001', "App 'bare' does not have migrations"],
    ['polls', '9', "Cannot find a migration matching '9' from app 'polls'. Is it in INSTALLED_APPS?"],
    ['polls', '000', "More than one migration matches '000' in app 'polls'. Please be more specific."],
  ]
  for (const [app, name, message] of refusals) {
    it(
      `refuses ${app} ${name}`,
      on('sqlite3', async () => {
        const { error } = await sql(app, name)
        expect(error).to.be.instanceOf(CommandError)
        expect((error as Error).message).to.equal(message)
      }),
    )
  }
})
