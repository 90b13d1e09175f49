/** showmigrations: all migrations, and which of them are applied, in Django's formats. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { clock, setClock } from '#core/utils'
import Migrate from '../../../core/management/commands/migrate.ts'
import ShowMigrations from '../../../core/management/commands/showmigrations.ts'
import { creating, outcomeOf, projectWith, restoreApps, type TestProject } from '../../db/migrations/project.ts'

const show = (options: object = {}, verbosity = 1) => outcomeOf<object>(ShowMigrations, options, verbosity)

describe('showmigrations', () => {
  let project: TestProject
  let file = ''

  before(() => setup())

  beforeEach(async () => {
    project = projectWith({
      polls: {
        '0001_initial': creating('polls_question'),
        '0002_choice': creating('polls_choice', [
          ['polls', '0001_initial'],
          ['blog', '0001_initial'],
        ]),
      },
      blog: { '0001_initial': creating('blog_post') },
      bare: {},
    })
    file = path.join(project.folder, 'db.sqlite3')
    await project.install()
  })
  afterEach(async () => {
    await restoreApps()
    project.remove()
  })

  const using = (fn: () => Promise<void>) => () =>
    overrideSettings({ DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: file } } }, fn)

  it(
    'lists them app by app, and creates no database',
    using(async () => {
      expect((await show()).stdout).to.equal('blog\n [ ] 0001_initial\npolls\n [ ] 0001_initial\n [ ] 0002_choice\n')
      expect(existsSync(file)).to.equal(false)
      await outcomeOf<object>(Migrate, { appLabel: 'polls', migrationName: '0001' })
      expect((await show()).stdout).to.equal('blog\n [ ] 0001_initial\npolls\n [X] 0001_initial\n [ ] 0002_choice\n')
    }),
  )

  it(
    'shows the given apps, in the given order',
    using(async () => {
      expect((await show({ appLabel: ['polls', 'bare'] })).stdout).to.equal(
        'polls\n [ ] 0001_initial\n [ ] 0002_choice\nbare\n (no migrations)\n',
      )
    }),
  )

  it(
    'with -v 2 adds when each was applied: in UTC, or without USE_TZ in the time zone of the site',
    using(async () => {
      const at = Date.UTC(2026, 10, 21, 7, 10, 33, 999)
      setClock({ now: () => at })
      try {
        await outcomeOf<object>(Migrate, { appLabel: 'blog' })
      } finally {
        setClock()
      }
      expect(clock.now()).to.not.equal(at)
      const shown = (settings: Settings) =>
        overrideSettings(settings, async () => (await show({ appLabel: ['blog'] }, 2)).stdout)
      expect(await shown({ TIME_ZONE: 'Asia/Tokyo' })).to.equal(
        'blog\n [X] 0001_initial (applied at 2026-11-21 07:10:33)\n',
      )
      // Without USE_TZ the string in the database is a local time, as in Django.
      expect(await shown({ TIME_ZONE: 'Asia/Tokyo', USE_TZ: false })).to.equal(
        'blog\n [X] 0001_initial (applied at 2026-11-21 07:10:33)\n',
      )
    }),
  )

  it(
    'with --plan shows the order of application, with -v 2 the dependencies',
    using(async () => {
      await outcomeOf<object>(Migrate, { appLabel: 'blog' })
      expect((await show({ plan: true })).stdout).to.equal(
        '[X]  blog.0001_initial\n[ ]  polls.0001_initial\n[ ]  polls.0002_choice\n',
      )
      expect((await show({ plan: true, appLabel: ['polls'] }, 2)).stdout).to.equal(
        '[ ]  polls.0001_initial\n[X]  blog.0001_initial\n[ ]  polls.0002_choice ... (blog.0001_initial, polls.0001_initial)\n',
      )
      expect((await show({ plan: true, appLabel: ['bare'] })).stdout).to.equal('(no migrations)\n')
    }),
  )

  it(
    'reports every app that is not installed, and ends with code 2',
    using(async () => {
      const { stdout, stderr, error } = await show({ appLabel: ['nope', 'polls', 'nor_this'] })
      expect(stdout).to.equal('')
      expect(stderr).to.equal("No installed app with label 'nope'.\nNo installed app with label 'nor_this'.\n")
      expect(error).to.include({ exitCode: 2, message: '' })
    }),
  )
})
