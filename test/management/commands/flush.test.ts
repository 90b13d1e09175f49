/** flush: its question, and what it empties and keeps on each engine. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { connection, connections, postMigrate } from '#core/db'
import { callCommand, CommandError, ListeningTerminal, noStyle } from '#core/management'
import Flush from '../../../core/management/commands/flush.ts'
import {
  creating,
  type Migrations,
  type MigrationResult,
  projectWith,
  restoreApps,
} from '../../db/migrations/project.ts'
import { databases, onEachDatabase, temporaryFolder } from '../../services.ts'

const all = await databases('flush')

const SQLITE = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }

/** Two tables with references to each other, and a row that a migration inserts. */
const POLLS: Migrations = {
  polls: {
    '0001_initial': `
      export async function up(db) {
        await db.schema.createTable('polls_question', (table) => { table.increments('id'); table.string('text', 20) })
        await db.schema.createTable('polls_choice', (table) => {
          table.increments('id')
          table.integer('question_id').unsigned().notNullable().references('polls_question.id')
        })
        await db.knex('polls_question').insert({ text: 'Tea?' })
      }`,
  },
}

type Options = Partial<Parameters<Flush['handle']>[0]>

interface FlushResult extends MigrationResult {
  readonly asked: readonly string[]
}

/** Runs the command, and returns `answer` to its question. */
async function flush(options: Options = {}, answer = 'yes'): Promise<FlushResult> {
  const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
  const asked: string[] = []
  const ask = async (question: string): Promise<string> => {
    asked.push(question)
    return answer
  }
  const command = Object.assign(new Flush({ stdout, stderr, style: noStyle }), { ask })
  const error: unknown = await command.handle({ database: 'default', verbosity: 1, ...options }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { stdout: stdout.text, stderr: stderr.text, error, asked }
}

const SILENT = { stdout: '', stderr: '', error: undefined, asked: [] }

/** Runs `fn` with these apps on a migrated database. */
const within = (
  database: object,
  migrations: Migrations,
  fn: () => Promise<void>,
  apps: readonly string[] = [],
): Promise<void> =>
  overrideSettings({ DATABASES: { default: database as typeof SQLITE } }, async () => {
    const project = projectWith(migrations)
    await project.install(...apps)
    try {
      await callCommand('migrate', { verbosity: 0 })
      await fn()
    } finally {
      await restoreApps()
      project.remove()
    }
  })

const count = async (table: string): Promise<number> => {
  const [row] = (await connection(table).count({ rows: '*' })) as { rows: number | string }[]
  return Number(row?.rows)
}

describe('flush', () => {
  before(() => setup())

  onEachDatabase(all, (database) => {
    const using =
      (fn: () => Promise<void>, apps: readonly string[] = []) =>
      async () => {
        await database.create()
        await within(database.config, POLLS, fn, apps)
      }

    it(
      'empties the tables of the apps, which refer to each other, and resets their keys',
      using(async () => {
        await connection('polls_question').insert([{ text: 'Cake?' }, { text: 'Milk?' }])
        await connection('polls_choice').insert([{ question_id: 1 }, { question_id: 2 }])
        expect(await flush({ noinput: true })).to.deep.equal(SILENT)
        expect([await count('polls_question'), await count('polls_choice')]).to.deep.equal([0, 0])
        await connection('polls_question').insert({ text: 'Wine?' })
        expect(await connection('polls_question').select('id', 'text')).to.deep.equal([{ id: 1, text: 'Wine?' }])
      }),
    )

    it(
      'leaves other tables and the record of migrations unchanged',
      using(async () => {
        await connection.schema.createTable('stranger', (table) => void table.integer('id'))
        await connection('stranger').insert({ id: 7 })
        await flush({ noinput: true })
        expect([await count('stranger'), await count('django_migrations')]).to.deep.equal([1, 1])
      }),
    )

    it(
      'creates content types and permissions again',
      using(async () => {
        const before = [await count('django_content_type'), await count('auth_permission')]
        await connection('django_content_type').insert({ app_label: 'gone', model: 'gone' })
        expect((await flush({ noinput: true })).error).to.equal(undefined)
        expect([await count('django_content_type'), await count('auth_permission')]).to.deep.equal(before)
        expect(before[1]).to.be.above(0)
        expect(await connection('django_content_type').where({ id: 1 })).to.have.length(1)
      }, ['core.contrib.contenttypes', 'core.contrib.auth']),
    )

    // MySQL does not check references when it truncates a table.
    if (database.vendor !== 'mysql') {
      it(
        'deletes nothing if rows of other tables refer to it, and reports why',
        using(async () => {
          await connection.schema.createTable('stranger', (table) => {
            table.integer('question_id').unsigned().references('polls_question.id')
          })
          await connection('stranger').insert({ question_id: 1 })
          const { error } = await flush({ noinput: true })
          expect(error).to.be.instanceOf(CommandError)
          expect((error as Error).message)
            .to.match(/^Database \S+ couldn't be flushed\. Possible reasons:\n {2}\* The database isn't running/)
            .and.match(/\nThe error was: .*(?:stranger|referenced in a foreign key)/)
          expect([await count('polls_question'), await count('stranger')]).to.deep.equal([1, 1])
        }),
      )
    }

    it(
      'leaves the connection unchanged, also after an error',
      using(async () => {
        await connection.schema.dropTable('polls_choice')
        await connection.raw('CREATE VIEW polls_choice AS SELECT * FROM polls_question')
        await flush({ noinput: true })
        await connection.raw('DROP VIEW polls_choice')
        await connection.schema.createTable('child', (table) => {
          table.integer('id').unsigned().references('polls_question.id')
        })
        const orphan = await connection('child')
          .insert({ id: 999 })
          .then(
            () => 'taken',
            () => 'refused',
          )
        expect(orphan).to.equal('refused')
      }),
    )
  })

  const question = (name: string): string => `You have requested a flush of the database.
This will IRREVERSIBLY DESTROY all data currently in the "${name}" database,
and return each table to an empty state.
Are you sure you want to do this?

    Type 'yes' to continue, or 'no' to cancel: `

  it('asks first, and does nothing unless the reply is yes', () =>
    within(SQLITE, POLLS, async () => {
      for (const answer of ['no', '', 'y', 'YES']) {
        expect(await flush({}, answer)).to.deep.equal({
          ...SILENT,
          stdout: 'Flush cancelled.\n',
          asked: [question(':memory:')],
        })
      }
      expect(await count('polls_question')).to.equal(1)
      expect(await flush({}, 'yes')).to.deep.equal({ ...SILENT, asked: [question(':memory:')] })
      expect(await count('polls_question')).to.equal(0)
    }))

  it('asks nothing with --noinput and with --no-input', () =>
    within(SQLITE, POLLS, async () => {
      for (const option of ['--noinput', '--no-input']) {
        await connection('polls_question').insert({ text: 'x' })
        await callCommand('flush', option)
        expect(await count('polls_question')).to.equal(0)
      }
    }))

  it('calls the handlers of postMigrate, app by app, with output for -v 2', () =>
    within(SQLITE, POLLS, async () => {
      const called: string[] = []
      const receiver = async ({ app, alias }: { app: string; alias: string }): Promise<void> => {
        called.push(`${app} ${alias} ${await count('polls_question')}`)
      }
      postMigrate.connect(receiver)
      try {
        const { stdout } = await flush({ noinput: true, verbosity: 2 })
        expect(stdout).to.equal('Running post-migrate handlers for application polls\n')
      } finally {
        postMigrate.disconnect(receiver)
      }
      expect(called).to.deep.equal(['polls default 0'])
    }))

  it('does nothing without tables, and creates no database', async () => {
    const NAME = path.join(temporaryFolder('flush'), 'none.sqlite3')
    await overrideSettings({ DATABASES: { default: { ...SQLITE, NAME } } }, async () => {
      expect(await flush({ noinput: true })).to.deep.equal(SILENT)
    })
    expect(existsSync(NAME)).to.equal(false)
  })

  it('reports that the later tables are unknown if a migration depends on the content of the database', () =>
    within(
      SQLITE,
      {
        ...POLLS,
        shop: {
          '0001_initial': creating('shop_item'),
          '0002_price': `
            export const dependencies = [['shop', '0001_initial'], ['polls', '0001_initial']]
            export async function up(db) {
              const { id } = await db.knex('polls_question').first()
              await db.knex('shop_item').insert({ id })
            }`,
        },
      },
      async () => {
        const { stderr, error } = await flush({ noinput: true })
        expect(error).to.equal(undefined)
        expect(stderr).to.match(
          /^shop\.0002_price \(.*0002_price\.ts\) goes by what it finds in the database\. Tables that it makes after that are not known, and keep their rows\.\n$/,
        )
        expect([await count('shop_item'), await count('polls_question')]).to.deep.equal([0, 0])
      },
    ))

  it('empties the named database', () =>
    overrideSettings({ DATABASES: { default: SQLITE, other: SQLITE } }, async () => {
      const project = projectWith(POLLS)
      await project.install()
      try {
        await callCommand('migrate', { verbosity: 0 })
        await callCommand('migrate', { verbosity: 0, database: 'other' })
        await flush({ noinput: true, database: 'other' })
        expect(await connections.get('other')('polls_question')).to.deep.equal([])
        expect(await count('polls_question')).to.equal(1)
      } finally {
        await restoreApps()
        project.remove()
      }
    }))

  it('reports a server that does not respond, without secrets', () =>
    overrideSettings(
      {
        DATABASES: {
          default: { ENGINE: 'core.db.backends.postgresql', NAME: 'x', HOST: '127.0.0.1', PORT: 1, PASSWORD: 'hush' },
        },
      },
      async () => {
        const { error, asked } = await flush()
        expect(error).to.be.instanceOf(CommandError)
        expect(String(error)).to.contain("The database 'default' (PostgreSQL) does not answer").and.not.contain('hush')
        expect(asked).to.deep.equal([])
      },
    ))
})
