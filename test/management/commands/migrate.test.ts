/** migrate: its output, its options and its exit codes. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { appliedMigrations, connection, connections, postMigrate, preMigrate } from '#core/db'
import { CommandError } from '#core/management'
import Migrate from '../../../core/management/commands/migrate.ts'
import { creating, type Migrations, outcomeOf, projectWith, restoreApps } from '../../db/migrations/project.ts'

const SQLITE = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }

const APPS: Migrations = {
  blog: { '0001_initial': creating('blog_post') },
  polls: {
    '0001_initial': creating('polls_question'),
    '0002_choice': creating('polls_choice', [
      ['polls', '0001_initial'],
      ['blog', '0001_initial'],
    ]),
  },
  bare: {},
}

const using =
  (fn: () => Promise<void>, migrations: Migrations = APPS) =>
  () =>
    overrideSettings({ DATABASES: { default: SQLITE } }, async () => {
      const project = projectWith(migrations)
      await project.install()
      try {
        await fn()
      } finally {
        await restoreApps()
        project.remove()
      }
    })

type Options = Parameters<Migrate['handle']>[0]
const migrate = (options: Partial<Options> = {}, verbosity = 1) => outcomeOf<object>(Migrate, options, verbosity)

const refusal = async (options: Partial<Options>): Promise<CommandError> => {
  const { error } = await migrate(options)
  expect(error).to.be.instanceOf(CommandError)
  return error as CommandError
}

const hasTable = (name: string): Promise<boolean> => connection.schema.hasTable(name)

describe('migrate', () => {
  before(() => setup())

  it(
    "applies everything, with Django's output",
    using(async () => {
      expect((await migrate()).stdout).to.equal(`Operations to perform:
  Apply all migrations: blog, polls
Running migrations:
  Applying blog.0001_initial... OK
  Applying polls.0001_initial... OK
  Applying polls.0002_choice... OK
`)
      expect((await migrate()).stdout).to.equal(`Operations to perform:
  Apply all migrations: blog, polls
Running migrations:
  No migrations to apply.
`)
    }),
  )

  it(
    'migrates to one migration, by a prefix of its name, and back to before the first',
    using(async () => {
      expect((await migrate({ appLabel: 'polls', migrationName: '0001' })).stdout).to.equal(`Operations to perform:
  Target specific migration: 0001_initial, from polls
Running migrations:
  Applying polls.0001_initial... OK
`)
      await migrate()
      expect((await migrate({ appLabel: 'blog', migrationName: 'zero' })).stdout).to.equal(`Operations to perform:
  Unapply all migrations: blog
Running migrations:
  Rendering model states... DONE
  Unapplying polls.0002_choice... OK
  Unapplying blog.0001_initial... OK
`)
      expect(await hasTable('polls_question')).to.equal(true)
      expect(await hasTable('blog_post')).to.equal(false)
    }),
  )

  it(
    'migrates only one app, with its dependencies',
    using(async () => {
      const { stdout } = await migrate({ appLabel: 'blog' })
      expect(stdout).to.include('  Apply all migrations: blog\n').and.not.include('polls')
    }),
  )

  it(
    'shows a plan, forwards and backwards, and does nothing',
    using(async () => {
      expect((await migrate({ plan: true })).stdout).to.equal(`Planned operations:
blog.0001_initial
    Create table blog_post
polls.0001_initial
    Create table polls_question
polls.0002_choice
    Create table polls_choice
`)
      expect(await hasTable('blog_post')).to.equal(false)
      await migrate()
      expect((await migrate({ plan: true })).stdout).to.equal(
        'Planned operations:\n  No planned migration operations.\n',
      )
      expect(
        (await migrate({ appLabel: 'polls', migrationName: 'zero', plan: true })).stdout,
      ).to.equal(`Planned operations:
polls.0002_choice
    Undo Create table polls_choice
polls.0001_initial
    Undo Create table polls_question
`)
    }),
  )

  it(
    'with --check ends with code 1 if something is unapplied, without output or changes',
    using(async () => {
      const { stdout, stderr, error } = await migrate({ check: true })
      expect([stdout, stderr]).to.deep.equal(['', ''])
      expect(error).to.be.instanceOf(CommandError).and.include({ exitCode: 1, message: '' })
      expect(await hasTable('django_migrations')).to.equal(false)
      await migrate()
      expect(await migrate({ check: true })).to.deep.equal({ stdout: '', stderr: '', error: undefined })
    }),
  )

  it(
    'records without running with --fake',
    using(async () => {
      expect((await migrate({ fake: true })).stdout).to.include('  Applying blog.0001_initial... FAKED\n')
      expect(await hasTable('blog_post')).to.equal(false)
    }),
  )

  it(
    'records an initial migration whose tables exist with --fake-initial',
    using(async () => {
      await connection.schema.createTable('blog_post', (table) => {
        table.integer('id')
      })
      const { stdout } = await migrate({ fakeInitial: true })
      expect(stdout).to.include('blog.0001_initial... FAKED\n').and.include('polls.0001_initial... OK\n')
    }),
  )

  it(
    'with -v 2 prints the duration of each and the handlers, with -v 0 prints nothing',
    using(async () => {
      const { stdout } = await migrate({ appLabel: 'blog' }, 2)
      expect(stdout).to.match(/ {2}Applying blog\.0001_initial\.\.\. OK \(\d\.\d{3}s\)\n/)
      expect(stdout).to.match(
        /Running pre-migrate handlers for application polls\n[^]*Running migrations:[^]*Running post-migrate handlers for application polls\n/,
      )
      expect((await migrate({}, 0)).stdout).to.equal('')
      expect(await hasTable('polls_choice')).to.equal(true)
    }),
  )

  it(
    'calls the handlers of preMigrate and postMigrate, app by app',
    using(async () => {
      const called: string[] = []
      const before = async ({ app, alias }: { app: string; alias: string }) => {
        called.push(`before ${app} ${alias} ${await hasTable('blog_post')}`)
      }
      const after = async ({ app }: { app: string }) => {
        called.push(`after ${app} ${await hasTable('blog_post')}`)
      }
      preMigrate.connect(before)
      postMigrate.connect(after)
      try {
        await migrate()
      } finally {
        preMigrate.disconnect(before)
        postMigrate.disconnect(after)
      }
      expect(called).to.deep.equal([
        'before blog default false',
        'before polls default false',
        'before bare default false',
        'after blog true',
        'after polls true',
        'after bare true',
      ])
    }),
  )

  it(
    'deletes the records of missing files of an app with --prune',
    using(async () => {
      await migrate()
      expect((await migrate({ appLabel: 'polls', prune: true })).stdout).to.equal(
        'Pruning migrations:\n  No migrations to prune.\n',
      )
      const applied = '2026-11-21 07:10:33'
      await connection('django_migrations').insert([
        { app: 'polls', name: '0009_gone', applied },
        { app: 'elsewhere', name: '0001_initial', applied },
      ])
      expect((await migrate({ appLabel: 'polls', prune: true })).stdout).to.equal(
        'Pruning migrations:\n  Pruning polls.0009_gone OK\n',
      )
      const keys = [...(await appliedMigrations(connections.database())).keys()]
      expect(keys).to.include('elsewhere.0001_initial').and.not.include('polls.0009_gone')
      expect((await refusal({ prune: true })).message).to.equal(
        'Migrations can be pruned only when an app is specified.',
      )
    }),
  )

  const refusals: [string, Partial<Options>, string][] = [
    ['an app that is not installed', { appLabel: 'nope' }, "No installed app with label 'nope'."],
    ['an app without migrations', { appLabel: 'bare' }, "App 'bare' does not have migrations."],
    [
      'a migration that is not there',
      { appLabel: 'polls', migrationName: '9' },
      "Cannot find a migration matching '9' from app 'polls'.",
    ],
    [
      'the beginning of more than one',
      { appLabel: 'polls', migrationName: '0' },
      "More than one migration matches '0' in app 'polls'. Please be more specific.",
    ],
    [
      '--run-syncdb of an app with migrations',
      { appLabel: 'polls', runSyncdb: true },
      "Can't use run_syncdb with app 'polls' as it has migrations.",
    ],
  ]
  for (const [what, options, message] of refusals) {
    it(
      `refuses ${what}`,
      using(async () => {
        const error = await refusal(options)
        expect(error.message).to.equal(message)
        expect(error.exitCode).to.equal(1)
      }),
    )
  }

  it(
    'refuses an app with two leaves',
    using(
      async () => {
        expect((await refusal({})).message).to.equal(
          "Conflicting migrations detected; multiple leaf nodes in the migration graph: (0001_a, 0001_b in polls).\nTo fix them run './manage.ts makemigrations --merge'",
        )
      },
      { polls: { '0001_a': creating('a'), '0001_b': creating('b') } },
    ),
  )

  it(
    'refuses an inconsistent history',
    using(async () => {
      await migrate()
      await connection('django_migrations').where({ app: 'polls', name: '0001_initial' }).delete()
      expect((await refusal({})).message).to.equal(
        "Migration polls.0002_choice is applied before its dependency polls.0001_initial on database 'default'.",
      )
    }),
  )

  it(
    'reports which migration and which statement failed, on separate lines',
    using(
      async () => {
        const { stdout, error } = await migrate()
        expect(stdout).to.match(/ {2}Applying polls\.0001_initial\.\.\.\n$/)
        expect(error).to.be.instanceOf(CommandError)
        expect((error as Error).message).to.match(
          /^Migration polls\.0001_initial \(.*0001_initial\.ts\) failed on database 'default'\.\nStatement: insert into `nowhere` .*\nError: no such table: nowhere\nIt was rolled back/,
        )
      },
      { polls: { '0001_initial': `export const up = (db) => db.knex('nowhere').insert({ a: 1 })` } },
    ),
  )

  it('reports a server that does not respond', () =>
    overrideSettings(
      { DATABASES: { default: { ENGINE: 'core.db.backends.postgresql', NAME: 'x', HOST: '127.0.0.1', PORT: 1 } } },
      async () => {
        const { message } = await refusal({})
        expect(message).to.match(
          /^The database 'default' \(PostgreSQL\) does not answer: .*ECONNREFUSED.*\nLook at DATABASES\['default'\]/,
        )
      },
    ))

  it('lists the databases if --database is unknown', async () => {
    const { error } = await migrate({ database: 'other' })
    expect(String(error)).to.include("DATABASES has no 'other'. It has: default.")
  })
})
