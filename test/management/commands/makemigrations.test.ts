/** makemigrations: new files to be filled in, which are valid migrations already. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { loadMigrations } from '#core/db'
import { overrideSettings } from '#core/conf'
import { CommandError } from '#core/management'
import { setClock } from '#core/utils'
import MakeMigrations from '../../../core/management/commands/makemigrations.ts'
import Migrate from '../../../core/management/commands/migrate.ts'
import { creating, outcomeOf, projectWith, restoreApps, type TestProject } from '../../db/migrations/project.ts'

const make = (options: object, verbosity = 1) => outcomeOf<object>(MakeMigrations, options, verbosity)

describe('makemigrations', () => {
  let project: TestProject

  before(() => setup())
  beforeEach(async () => {
    project = projectWith({ polls: { '0001_initial': creating('polls_question') }, bare: {} })
    await project.install()
  })
  afterEach(async () => {
    setClock()
    await restoreApps()
    project.remove()
  })

  const fileOf = (app: string, name: string): string => path.join(project.folder, 'apps', app, 'migrations', name)

  it('writes an empty migration after the last one, and prints its path', async () => {
    const { stdout } = await make({ appLabel: ['polls'], empty: true, name: 'add_choice' })
    const file = fileOf('polls', '0002_add_choice.ts')
    expect(stdout).to.equal(`Migrations for 'polls':\n  ${file}\n`)
    const text = readFileSync(file, 'utf8')
    expect(text).to.include("export const dependencies: MigrationDependency[] = [['polls', '0001_initial']]\n")
    expect(text).to.match(/^\/\*\* A migration of polls\./)
    const migration = (await loadMigrations(project.configs)).get('polls.0002_add_choice')
    expect(migration?.dependencies).to.deep.equal([['polls', '0001_initial']])
    expect(migration?.operations).to.deep.equal([])
  })

  it('writes a file that can be applied and reversed unchanged', async () => {
    await make({ appLabel: ['polls'], empty: true, name: 'nothing' })
    const database = { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' }
    await overrideSettings({ DATABASES: { default: database } }, async () => {
      const applied = await outcomeOf<object>(Migrate, {})
      expect(applied.stdout).to.include('  Applying polls.0002_nothing... OK\n')
      const unapplied = await outcomeOf<object>(Migrate, { appLabel: 'polls', migrationName: 'zero' })
      expect(unapplied.stdout).to.include('  Unapplying polls.0002_nothing... OK\n')
    })
  })

  it("names an app's first migration 0001_initial, and creates the directory", async () => {
    await make({ appLabel: ['bare'], empty: true })
    expect(readdirSync(path.dirname(fileOf('bare', 'x')))).to.deep.equal(['0001_initial.ts'])
    expect(readFileSync(fileOf('bare', '0001_initial.ts'), 'utf8')).to.include('MigrationDependency[] = []')
  })

  it('uses the time as the name if none is given', async () => {
    setClock({ now: () => Date.UTC(2026, 10, 21, 7, 11) })
    await make({ appLabel: ['polls'], empty: true })
    expect(existsSync(fileOf('polls', '0002_auto_20261121_0711.ts'))).to.equal(true)
  })

  it('only prints with --dry-run, with -v 3 also the file', async () => {
    const { stdout } = await make({ appLabel: ['polls'], empty: true, name: 'x', dryRun: true }, 3)
    expect(stdout).to.include("Full migrations file '0002_x.ts':\n").and.include('export async function up(')
    expect(existsSync(fileOf('polls', '0002_x.ts'))).to.equal(false)
  })

  it('omits the header comment with --no-header, and prints only paths with --scriptable', async () => {
    const { stdout, stderr } = await make({
      appLabel: ['polls'],
      empty: true,
      name: 'x',
      header: false,
      scriptable: true,
    })
    const file = fileOf('polls', '0002_x.ts')
    expect(stdout).to.equal(`${file}\n`)
    expect(stderr).to.equal(`Migrations for 'polls':\n  ${file}\n`)
    expect(readFileSync(file, 'utf8')).to.match(/^import type/)
  })

  it('finds no changes, as there are no models to change', async () => {
    expect((await make({})).stdout).to.equal('No changes detected\n')
    expect((await make({ check: true, appLabel: ['polls'] })).stdout).to.equal("No changes detected in app 'polls'\n")
    expect((await make({ appLabel: ['polls', 'bare'] })).stdout).to.equal(
      "No changes detected in apps 'polls', 'bare'\n",
    )
    expect((await make({}, 0)).stdout).to.equal('')
  })

  it('joins two leaves with --merge, after a question', async () => {
    project.remove()
    project = projectWith({ polls: { '0001_a': creating('a'), '0001_b': creating('b') } })
    await project.install()
    const { error } = await make({ appLabel: ['polls'], empty: true })
    expect(String(error)).to.include('(0001_a, 0001_b in polls)')
    const { stdout } = await make({ merge: true })
    expect(stdout).to.include('0002_merge_0001_a_0001_b.ts')
    const merged = await loadMigrations(project.configs)
    expect(merged.conflicts().size).to.equal(0)
    expect(merged.leaves('polls').map(({ name }) => name)).to.deep.equal(['0002_merge_0001_a_0001_b'])
  })

  it('finds nothing to merge', async () => {
    expect((await make({ merge: true })).stdout).to.equal('No conflicts detected to merge.\n')
  })

  it('refuses a missing app, an invalid name, and an app that is not installed', async () => {
    const noApp = await make({ empty: true })
    expect(noApp.error).to.be.instanceOf(CommandError)
    expect(String(noApp.error)).to.include('You must supply at least one app label when using --empty.')
    const noName = await make({ empty: true, appLabel: ['polls'], name: 'add-choice' })
    expect(String(noName.error)).to.include('The migration name must be a valid identifier')
    const nowhere = await make({ empty: true, appLabel: ['nope'] })
    expect(nowhere.stderr).to.equal("No installed app with label 'nope'.\n")
    expect(nowhere.error).to.include({ exitCode: 2 })
  })
})
