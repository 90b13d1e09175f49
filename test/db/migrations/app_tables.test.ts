/** The tables of the apps are those that their migrations created, as far as they are known. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { type AppTables, appTables, connection, connections } from '#core/db'
import { callCommand } from '#core/management'
import { tablesMadeBy } from '../../../core/db/migrations/app_tables.ts'
import { databases, onEachDatabase } from '../../services.ts'
import { creating, type Migrations, projectWith, restoreApps } from './project.ts'

const all = await databases('app_tables')

/** A migration of polls that runs some code. */
const doing = (code: string, after = '0001_initial'): string =>
  `export const dependencies = [['polls', '${after}']]\nexport async function up(db) { ${code} }`

describe('the tables of the apps', () => {
  before(() => setup())

  onEachDatabase(all, (database) => {
    /** The tables after the migrations, and after `meanwhile`. */
    const found = (migrations: Migrations, meanwhile = async (): Promise<void> => {}): Promise<AppTables> =>
      overrideSettings({ DATABASES: { default: database.config } }, async () => {
        await database.create()
        const project = projectWith(migrations)
        await project.install()
        try {
          await callCommand('migrate', { verbosity: 0 })
          await meanwhile()
          return await appTables(connections.database())
        } finally {
          await restoreApps()
          project.remove()
        }
      })

    it('are those that were created, and neither renamed nor dropped since', async () => {
      const { tables, unread } = await found({
        polls: {
          '0001_initial': creating('polls_question'),
          '0002_more': doing(`
            await db.schema.createTable('polls_old', (table) => { table.integer('id') })
            await db.schema.createTable('polls_gone', (table) => { table.integer('id') })
            await db.schema.renameTable('polls_old', 'polls_new')
            await db.schema.dropTable('polls_gone')`),
          '0003_raw': doing(`await db.raw('-- in SQL\\nCREATE  TABLE polls_raw\\n(id integer)')`, '0002_more'),
        },
        blog: { '0001_initial': creating('blog_post') },
      })
      expect(tables).to.have.members(['polls_question', 'polls_new', 'polls_raw', 'blog_post'])
      expect(unread).to.deep.equal([])
    })

    it('include neither foreign tables nor that of the migrations, and only existing ones', async () => {
      const { tables } = await found(
        { polls: { '0001_initial': creating('polls_a'), '0002_b': creating('polls_b', [['polls', '0001_initial']]) } },
        async () => {
          await connection.schema.createTable('stranger', (table) => void table.integer('id'))
          await connection.schema.dropTable('polls_a')
        },
      )
      expect(tables).to.deep.equal(['polls_b'])
    })

    it('do not include tables of unapplied migrations', async () => {
      const { tables } = await found({ polls: { '0001_initial': creating('polls_a') } }, () =>
        connection('django_migrations').delete(),
      )
      expect(tables).to.deep.equal([])
    })

    it('are found through changes of columns and rows', async () => {
      const { tables, unread } = await found({
        polls: {
          '0001_initial': `
            export async function up(db) {
              await db.schema.createTable('polls_a', (table) => { table.increments(); table.integer('x'); table.integer('y') })
              await db.schema.alterTable('polls_a', (table) => { table.string('x', 9).alter() })
              await db.schema.alterTable('polls_a', (table) => { table.dropColumn('y') })
              for (const row of await db.knex('polls_a')) await db.knex('polls_a').update({ x: row.id })
              await db.schema.createTable('polls_b', (table) => { table.increments() })
            }`,
        },
      })
      expect({ tables, unread }).to.deep.equal({ tables: ['polls_a', 'polls_b'], unread: [] })
    })

    it('are listed as far as they are known if a migration depends on the content of the database', async () => {
      const { tables, unread } = await found({
        polls: {
          '0001_initial': `
            export async function up(db) {
              await db.schema.createTable('polls_a', (table) => { table.increments(); table.integer('x') })
              await db.knex('polls_a').insert({ x: 1 })
              const { x } = await db.knex('polls_a').first()
              await db.schema.createTable('polls_after_' + x, (table) => { table.increments() })
            }`,
          '0002_b': creating('polls_b', [['polls', '0001_initial']]),
        },
      })
      expect(tables).to.deep.equal(['polls_a', 'polls_b'])
      expect(unread.map(({ key }) => key)).to.deep.equal(['polls.0001_initial'])
    })
  })

  it('have the names that the database uses', () =>
    overrideSettings(
      { DATABASES: { default: { ENGINE: 'core.db.backends.postgresql', NAME: 'none', PORT: 1 } } },
      async () => {
        const made = (...statements: string[]): Promise<string[]> =>
          tablesMadeBy(connections.database(), {
            up: async (db: { raw(sql: string): Promise<unknown> }) => {
              for (const sql of statements) await db.raw(sql)
            },
          } as never)
        expect(await made('CREATE TABLE Polls (id int)')).to.deep.equal(['polls'])
        expect(await made('CREATE TABLE "Polls" (id int)')).to.deep.equal(['Polls'])
        expect(await made('create unlogged table if not exists shop."Cart"(id int)')).to.deep.equal(['shop.Cart'])
        expect(await made('create table a.b (id int)', 'alter table a.b rename to c')).to.deep.equal(['a.c'])
        expect(
          await made('create table a (id int); create table b (id int); drop table if exists a, x cascade'),
        ).to.deep.equal(['b'])
        expect(await made('create table a (id int)', 'alter table a rename column id to x')).to.deep.equal(['a'])
        expect(await made('create temporary table a (id int)', 'create index b on c (d)')).to.deep.equal([])
      },
    ))
})
