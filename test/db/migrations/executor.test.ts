/** Migrations are run completely or not at all, recorded as Django records them, and reported when they fail. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import {
  appliedMigrations,
  connection,
  connections,
  loadMigrations,
  MigrationExecutor,
  MigrationFailed,
  type MigrationTarget,
  unappliedMigrations,
} from '#core/db'
import { setClock } from '#core/utils'
import { databases, onEachDatabase } from '../../services.ts'
import { creating, type Migrations, projectWith, restoreApps } from './project.ts'

const all = await databases('executor')

const NOW = Date.UTC(2026, 10, 21, 7, 10, 33) + 123.456

describe('running migrations', () => {
  before(() => setup())

  onEachDatabase(all, (database) => {
    const rollsBack = database.vendor !== 'mysql'

    /** Runs `fn` with the migrations as those of the installed apps, on an empty database. */
    const using = (migrations: Migrations, fn: () => Promise<void>) => () =>
      overrideSettings({ DATABASES: { default: database.config } }, async () => {
        await database.create()
        const project = projectWith(migrations)
        await project.install()
        try {
          await fn()
        } finally {
          await restoreApps()
          project.remove()
        }
      })

    const migrate = async (targets?: MigrationTarget[], options = {}): Promise<string[]> => {
      const graph = await loadMigrations()
      const reported: string[] = []
      const executor = new MigrationExecutor(connections.database(), graph, {
        began: ({ migration }) => reported.push(`${migration.key}...`),
        done: ({ migration }, faked) => reported.push(`${migration.key} ${faked ? 'faked' : 'ok'}`),
      })
      const leaves = graph.leaves().map(({ app, name }): MigrationTarget => [app, name])
      const plan = graph.plan(targets ?? leaves, await appliedMigrations(connections.database()))
      await executor.execute(plan, options)
      return reported
    }

    const failure = async (): Promise<MigrationFailed> => {
      try {
        await migrate()
      } catch (error) {
        expect(error).to.be.instanceOf(MigrationFailed)
        return error as MigrationFailed
      }
      throw new Error('The migration should have failed.')
    }

    const hasTable = (name: string): Promise<boolean> => connection.schema.hasTable(name)
    const applied = async (): Promise<string[]> => [...(await appliedMigrations(connections.database())).keys()]

    const two: Migrations = {
      polls: {
        '0001_initial': creating('polls_question'),
        '0002_choice': creating('polls_choice', [['polls', '0001_initial']]),
      },
    }

    it(
      'applies them in order, with output and a record for each',
      using(two, async () => {
        expect(await unappliedMigrations()).to.deep.equal(['polls.0001_initial', 'polls.0002_choice'])
        expect(await migrate()).to.deep.equal([
          'polls.0001_initial...',
          'polls.0001_initial ok',
          'polls.0002_choice...',
          'polls.0002_choice ok',
        ])
        expect(await hasTable('polls_choice')).to.equal(true)
        expect(await applied()).to.deep.equal(['polls.0001_initial', 'polls.0002_choice'])
        expect(await unappliedMigrations()).to.deep.equal([])
        expect(await migrate()).to.deep.equal([])
      }),
    )

    it(
      'reverses them, and deletes their records',
      using(two, async () => {
        await migrate()
        await migrate([['polls', '0001_initial']])
        expect([await hasTable('polls_question'), await hasTable('polls_choice')]).to.deep.equal([true, false])
        expect(await applied()).to.deep.equal(['polls.0001_initial'])
        await migrate([['polls', null]])
        expect(await applied()).to.deep.equal([])
        expect(await hasTable('polls_question')).to.equal(false)
      }),
    )

    it(
      'records the time of the clock',
      using(two, async () => {
        setClock({ now: () => NOW })
        try {
          await migrate()
        } finally {
          setClock()
        }
        const rows = await appliedMigrations(connections.database())
        expect(rows.get('polls.0001_initial')?.applied).to.be.closeTo(NOW, 0.0005)
      }),
    )

    it(
      'with --fake, records and unrecords without running',
      using(two, async () => {
        expect(await migrate(undefined, { fake: true })).to.include('polls.0001_initial faked')
        expect(await hasTable('polls_question')).to.equal(false)
        expect(await applied()).to.have.lengthOf(2)
        await migrate([['polls', null]], { fake: true })
        expect(await applied()).to.deep.equal([])
      }),
    )

    it(
      'records an initial migration without running it when its tables exist',
      using(two, async () => {
        await connection.schema.createTable('polls_question', (table) => {
          table.integer('id')
        })
        expect(await migrate(undefined, { fakeInitial: true })).to.deep.equal([
          'polls.0001_initial...',
          'polls.0001_initial faked',
          'polls.0002_choice...',
          'polls.0002_choice ok',
        ])
      }),
    )

    const failing: Migrations = {
      polls: {
        '0001_initial': creating('polls_question'),
        '0002_broken': `
          export const dependencies = [['polls', '0001_initial']]
          export async function up(db) {
            await db.knex('polls_question').insert({ id: 1 })
            await db.schema.createTable('polls_choice', (t) => { t.integer('id'); t.string('name') })
            await db.knex('polls_choice').insert({ id: 1, name: 'a secret value' })
            await db.raw('INSERT INTO no_such_table VALUES (?)', ['a secret value'])
          }
        `,
        '0003_never': creating('polls_never', [['polls', '0002_broken']]),
      },
    }

    it(
      `${rollsBack ? 'leaves the database unchanged' : 'reports what remains'} when one fails, and names it and its statement without values`,
      using(failing, async () => {
        const error = await failure()
        expect(error.message).to.include('Migration polls.0002_broken (')
        expect(error.message).to.include(
          "0002_broken.ts) failed on database 'default'.\nStatement: INSERT INTO no_such_table VALUES (",
        )
        expect(error.message).to.match(/\nError: .*no_such_table/)
        expect(error.message).to.not.include('a secret value')
        expect(error.statement).to.match(/^INSERT INTO no_such_table/)
        expect(await applied()).to.deep.equal(['polls.0001_initial'])
        expect(await hasTable('polls_never')).to.equal(false)
        expect(await hasTable('polls_choice')).to.equal(!rollsBack)
        expect(await connection('polls_question').pluck('id')).to.deep.equal(rollsBack ? [] : [1])
        if (rollsBack) expect(error.message).to.match(/It was rolled back: the database is as it was before\.$/)
        else {
          expect(error.message).to.match(/MySQL cannot roll back a change of the schema.*undo it by hand/)
          expect(error.message).to.match(
            /\n {2}insert into `polls_question`.*\n {2}create table `polls_choice`.*\n {2}insert into `polls_choice`/,
          )
        }
      }),
    )

    const first: Migrations = {
      polls: {
        '0001_initial': `export const up = (db) => db.knex('no_such_table').insert({ a: 1 })`,
      },
    }

    it(
      'leaves no trace when the very first one fails',
      using(first, async () => {
        await failure()
        expect(await applied()).to.deep.equal([])
        if (rollsBack) expect(await hasTable('django_migrations')).to.equal(false)
      }),
    )

    const rowsOnly: Migrations = {
      polls: {
        '0001_initial': creating('polls_question'),
        '0002_rows': `
          export const dependencies = [['polls', '0001_initial']]
          export async function up(db) {
            await db.knex('polls_question').insert({ id: 1 })
            throw new TypeError('no good')
          }
        `,
      },
    }

    it(
      'rolls back rows on every engine, and reports an error that has no statement',
      using(rowsOnly, async () => {
        const error = await failure()
        expect(error.message).to.include('Error: no good\nIt was rolled back')
        expect(error.message).to.not.include('Statement:')
        expect(error.cause).to.be.instanceOf(TypeError)
        expect(await connection('polls_question').pluck('id')).to.deep.equal([])
      }),
    )

    const notAtomic: Migrations = {
      polls: {
        '0001_initial': `
          export const atomic = false
          export async function up(db) {
            await db.schema.createTable('polls_question', (t) => { t.integer('id') })
            await db.knex('no_such_table').insert({ id: 1 })
          }
        `,
      },
    }

    it(
      'reports what remains of one that is not atomic',
      using(notAtomic, async () => {
        const error = await failure()
        expect(error.message).to.match(
          /The migration is not atomic, so this part of it is done.*\n {2}create table .polls_question/,
        )
        expect(await hasTable('polls_question')).to.equal(true)
      }),
    )

    const joining: Migrations = {
      polls: {
        '0001_initial': `
          import { connection } from '${new URL('../../../core/db/index.ts', import.meta.url).href}'
          export async function up(db) {
            await db.schema.createTable('polls_question', (t) => { t.integer('id') })
            await connection('polls_question').insert({ id: 7 })
            const rows = await db.raw('SELECT id FROM polls_question WHERE id = ?', [7])
            if (rows.length !== 1 || rows[0].id !== 7) throw new Error(JSON.stringify(rows))
          }
        `,
      },
    }

    it(
      'lets code use `connection`, and returns the rows that raw() finds',
      using(joining, async () => {
        await migrate()
        expect(await connection('polls_question').pluck('id')).to.deep.equal([7])
      }),
    )

    const altering: Migrations = {
      polls: {
        '0001_initial': `
          export const up = (db) => db.schema
            .createTable('polls_question', (t) => { t.integer('id').primary(); t.string('old', 10); t.string('text', 10) })
            .createTable('polls_choice', (t) => { t.integer('id').primary(); t.integer('question').references('polls_question.id').onDelete('CASCADE') })
        `,
        '0002_rows': `
          export const dependencies = [['polls', '0001_initial']]
          export async function up(db) {
            await db.knex('polls_question').insert({ id: 1, text: 'why' })
            await db.knex('polls_choice').insert({ id: 1, question: 1 })
          }
        `,
        '0003_alter': `
          export const dependencies = [['polls', '0002_rows']]
          export const up = (db) => db.schema.alterTable('polls_question', (t) => { t.dropColumn('old'); t.string('more', 10) })
        `,
      },
    }

    it(
      'changes a table that others reference, and keeps their rows',
      using(altering, async () => {
        await migrate()
        expect(await connection('polls_question').select()).to.deep.equal([{ id: 1, text: 'why', more: null }])
        expect(await connection('polls_choice').pluck('question')).to.deep.equal([1])
        if (database.vendor === 'sqlite') {
          expect(await connection.raw('PRAGMA foreign_keys')).to.deep.equal([{ foreign_keys: 1 }])
        }
      }),
    )

    it(
      'does not reverse an irreversible one',
      using({ polls: { '0001_initial': 'export const up = () => {}' } }, async () => {
        await migrate()
        const error = await migrate([['polls', null]]).catch((thrown: unknown) => thrown as Error)
        expect(String(error)).to.match(
          /IrreversibleMigration: Migration polls\.0001_initial cannot be unapplied: .*exports no `down`/,
        )
        expect(await applied()).to.deep.equal(['polls.0001_initial'])
      }),
    )
  })

  it('checks a missing SQLite database without creating it', async () => {
    const [sqlite] = all
    await sqlite?.drop()
    await overrideSettings({ DATABASES: { default: sqlite?.config ?? { ENGINE: '' } } }, async () => {
      expect(await unappliedMigrations()).to.include('sessions.0001_initial')
      expect(connections.database().exists()).to.equal(false)
    })
  })
})
