/** showmigrations: lists the migrations and whether they are applied. */
import { settings } from '#core/conf'
import {
  type AppliedMigration,
  appliedMigrations,
  connections,
  loadMigrations,
  type MigrationGraph,
  localDateString,
} from '#core/db'
import { type ArgumentParser, BaseCommand, type CommonOptions } from '../base.ts'
import { refuseUnknownApps, tellingDatabaseErrors } from '../migrations.ts'

interface Options {
  readonly appLabel?: readonly string[]
  readonly database?: string
  readonly list?: boolean
  readonly plan?: boolean
}

type Applied = ReadonlyMap<string, AppliedMigration>

const mark = (applied: boolean): string => (applied ? '[X]' : '[ ]')

/** Formats a time as Django does here: in UTC, or in TIME_ZONE if USE_TZ is off. */
const shownDate = (ms: number): string => localDateString(ms, settings.USE_TZ ? 'UTC' : settings.TIME_ZONE).slice(0, 19)

export default class Command extends BaseCommand<Options> {
  readonly help = 'Shows all available migrations for the current project.'

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[app_label...]', 'Labels of the apps to show; all where absent.')
      .option('--database <alias>', 'The database to look at.', 'default')
      .option('-l, --list', 'App by app, as without it; with -v 2, when each was applied.')
      .option('-p, --plan', 'In the order in which they are applied; with -v 2, what each depends on.')
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const { appLabel: labels = [], verbosity } = options
    refuseUnknownApps(labels, this.stderr)
    const database = connections.database(options.database)
    const graph = await loadMigrations()
    const applied = await tellingDatabaseErrors(database.alias, () => appliedMigrations(database))
    if (options.plan) this.#showPlan(graph, applied, labels, verbosity)
    else
      for (const app of labels.length > 0 ? labels : graph.migratedApps) this.#showApp(graph, applied, app, verbosity)
  }

  #showApp(graph: MigrationGraph, applied: Applied, app: string, verbosity: number): void {
    this.stdout.write(this.style.MIGRATE_LABEL(app))
    const migrations = graph.all(graph.leaves(app)).filter((migration) => migration.app === app)
    for (const { key, name } of migrations) {
      const row = applied.get(key)
      const when = row !== undefined && verbosity >= 2 ? ` (applied at ${shownDate(row.applied)})` : ''
      this.stdout.write(` ${mark(row !== undefined)} ${name}${when}`)
    }
    if (migrations.length === 0) this.stdout.write(this.style.ERROR(' (no migrations)'))
  }

  #showPlan(graph: MigrationGraph, applied: Applied, labels: readonly string[], verbosity: number): void {
    const leaves = graph.leaves().filter(({ app }) => labels.length === 0 || labels.includes(app))
    const plan = graph.all(leaves)
    for (const migration of plan) {
      const parents = graph.parentsOf(migration)
      const after = verbosity >= 2 && parents.length > 0 ? ` ... (${parents.join(', ')})` : ''
      this.stdout.write(`${mark(applied.has(migration.key))}  ${migration.key}${after}`)
    }
    if (plan.length === 0) this.stdout.write(this.style.ERROR('(no migrations)'))
  }
}
