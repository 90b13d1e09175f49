/** migrate: applies or unapplies migrations of a database. */
import {
  appliedMigrations,
  connections,
  type Database,
  loadMigrations,
  MigrationExecutor,
  type MigrationGraph,
  MigrationRecorder,
  type MigrationTarget,
  type PlannedStep,
} from '#core/db'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import {
  appWithLabel,
  migrationNamed,
  refuseConflicts,
  sendMigrateSignal,
  tellingDatabaseErrors,
} from '../migrations.ts'

interface Options {
  readonly appLabel?: string
  readonly migrationName?: string
  readonly database?: string
  readonly fake?: boolean
  readonly fakeInitial?: boolean
  readonly plan?: boolean
  readonly check?: boolean
  readonly prune?: boolean
  readonly runSyncdb?: boolean
}

/** The target migrations, and the line that reports them. */
interface Goal {
  readonly targets: readonly MigrationTarget[]
  readonly label: string
  readonly detail: string
}

function goalOf({ appLabel, migrationName }: Options, graph: MigrationGraph): Goal {
  if (appLabel !== undefined && migrationName === 'zero') {
    return { targets: [[appLabel, null]], label: '  Unapply all migrations: ', detail: appLabel }
  }
  if (appLabel !== undefined && migrationName !== undefined) {
    const { name } = migrationNamed(graph, appLabel, migrationName)
    return { targets: [[appLabel, name]], label: '  Target specific migration: ', detail: `${name}, from ${appLabel}` }
  }
  const targets = graph.leaves(appLabel).map(({ app, name }): MigrationTarget => [app, name])
  const labels = [...new Set(targets.map(([app]) => app))].toSorted()
  return { targets, label: '  Apply all migrations: ', detail: labels.join(', ') || '(none)' }
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Updates database schema: applies the migrations that are not applied yet.'
  /** Start time of the current migration, whose output line is not complete yet. */
  #began: number | undefined

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[app_label]', 'Label of the app to migrate; all apps where absent.')
      .argument('[migration_name]', 'Where to bring the app to; "zero" unapplies all its migrations.')
      .option('--noinput', 'Asks nothing; it never does.')
      .option('--no-input', 'The same.')
      .option('--database <alias>', 'The database to migrate.', 'default')
      .option('--fake', 'Marks migrations as run without running them.')
      .option('--fake-initial', 'Marks first migrations as run without running them if their tables exist.')
      .option('--plan', 'Shows what would be done.')
      .option('--run-syncdb', 'Accepted as in Django; there are no tables without migrations.')
      .option('--check', 'Exits with code 1 if something is unapplied, and does nothing.')
      .option('--prune', 'Deletes the records of migrations whose files are gone.')
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const database = connections.database(options.database)
    const graph = await loadMigrations()
    this.#refuse(options, graph)
    await tellingDatabaseErrors(database.alias, () => this.#migrate(database, graph, options))
  }

  #refuse({ appLabel, migrationName, runSyncdb, prune }: Options, graph: MigrationGraph): void {
    refuseConflicts(graph.conflicts())
    if (appLabel !== undefined) {
      appWithLabel(appLabel)
      const migrated = graph.migratedApps.includes(appLabel)
      if (runSyncdb && migrated) {
        throw new CommandError(`Can't use run_syncdb with app '${appLabel}' as it has migrations.`)
      }
      if (!migrated) throw new CommandError(`App '${appLabel}' does not have migrations.`)
    }
    if (prune && appLabel === undefined) {
      throw new CommandError('Migrations can be pruned only when an app is specified.')
    }
    if (prune && migrationName !== undefined) {
      throw new CommandError('--prune takes an app alone: leave the name of the migration out.')
    }
  }

  async #migrate(database: Database, graph: MigrationGraph, options: Options & CommonOptions): Promise<void> {
    const { verbosity } = options
    const applied = await appliedMigrations(database)
    graph.checkHistory(applied, database.alias)
    const goal = goalOf(options, graph)
    if (options.prune) await this.#prune(database, graph, options)
    const plan = graph.plan(goal.targets, applied)
    if (options.plan) this.#showPlan(plan)
    if (options.check && plan.length > 0) throw new CommandError('', { exitCode: 1 })
    if (options.plan || options.check || options.prune) return
    if (verbosity >= 1) {
      this.stdout.write(this.style.MIGRATE_HEADING('Operations to perform:'))
      this.stdout.write(this.style.MIGRATE_LABEL(goal.label) + goal.detail)
    }
    await sendMigrateSignal('pre', database.alias, verbosity, this.stdout)
    await this.#execute(database, graph, plan, options)
    await sendMigrateSignal('post', database.alias, verbosity, this.stdout)
  }

  #showPlan(plan: readonly PlannedStep[]): void {
    this.stdout.write(this.style.MIGRATE_LABEL('Planned operations:'))
    if (plan.length === 0) this.stdout.write('  No planned migration operations.')
    for (const { migration, backwards } of plan) {
      this.stdout.write(this.style.MIGRATE_HEADING(migration.key))
      const undo = backwards ? 'Undo ' : ''
      for (const operation of migration.operations) this.stdout.write(`    ${undo}${operation}`)
      if (backwards && migration.down === undefined) this.stdout.write(this.style.WARNING('    IRREVERSIBLE'))
    }
  }

  async #execute(
    database: Database,
    graph: MigrationGraph,
    plan: readonly PlannedStep[],
    { fake = false, fakeInitial = false, verbosity }: Options & CommonOptions,
  ): Promise<void> {
    const say = verbosity >= 1
    if (say) this.stdout.write(this.style.MIGRATE_HEADING('Running migrations:'))
    // Printed as in Django, which renders model states before it unapplies migrations.
    if (say && plan[0]?.backwards) this.stdout.write(`  Rendering model states...${this.style.SUCCESS(' DONE')}`)
    const progress = say ? { began: this.#writeBegan.bind(this), done: this.#writeDone(verbosity) } : {}
    const executor = new MigrationExecutor(database, graph, progress)
    try {
      const taken = await executor.execute(plan, { fake, fakeInitial })
      if (say && taken === 0) this.stdout.write('  No migrations to apply.')
    } finally {
      if (this.#began !== undefined) this.stdout.write()
      this.#began = undefined
    }
  }

  #writeBegan({ migration, backwards }: PlannedStep): void {
    this.#began = performance.now()
    this.stdout.write(`  ${backwards ? 'Unapplying' : 'Applying'} ${migration.key}...`, '')
  }

  #writeDone(verbosity: number): (step: PlannedStep, faked: boolean) => void {
    return (_, faked) => {
      const seconds = (performance.now() - (this.#began ?? 0)) / 1000
      const elapsed = verbosity > 1 ? ` (${seconds.toFixed(3)}s)` : ''
      this.#began = undefined
      this.stdout.write(this.style.SUCCESS(`${faked ? ' FAKED' : ' OK'}${elapsed}`))
    }
  }

  async #prune(database: Database, graph: MigrationGraph, { appLabel, verbosity }: Options & CommonOptions) {
    const say = verbosity >= 1
    if (say) this.stdout.write(this.style.MIGRATE_HEADING('Pruning migrations:'))
    const applied = [...(await appliedMigrations(database))]
    const gone = applied.filter(([key, row]) => row.app === appLabel && graph.get(key) === undefined)
    const recorder = new MigrationRecorder(database, database.pool)
    for (const [key, row] of gone) {
      if (say) this.stdout.write(this.style.MIGRATE_LABEL(`  Pruning ${key}`), '')
      await recorder.forget(row)
      if (say) this.stdout.write(this.style.SUCCESS(' OK'))
    }
    if (say && gone.length === 0) this.stdout.write('  No migrations to prune.')
  }
}
