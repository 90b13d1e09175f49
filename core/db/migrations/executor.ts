/** Executes a plan of migrations, each in a transaction, while no other process migrates the database. */
import type { Knex } from 'knex'
import type { Database } from '../database.ts'
import { runIn } from '../connections.ts'
import { editorOf, type Migration } from './migration.ts'
import { failureOf, IrreversibleMigration, MigrationFailed, StatementLog } from './failure.ts'
import type { MigrationGraph, PlannedStep } from './graph.ts'
import { MigrationRecorder } from './recorder.ts'
import { tablesMadeBy } from './app_tables.ts'

/** Called at the beginning and at the end of each migration. */
export interface MigrationProgress {
  began?(step: PlannedStep): void
  /** @param faked whether it was recorded without being run */
  done?(step: PlannedStep, faked: boolean): void
}

export interface ExecuteOptions {
  /** Records without running. */
  readonly fake?: boolean
  /** Records the first migration of an app without running it if all of its tables exist. */
  readonly fakeInitial?: boolean
}

export class MigrationExecutor {
  readonly #database: Database
  readonly #graph: MigrationGraph
  readonly #progress: MigrationProgress

  constructor(database: Database, graph: MigrationGraph, progress: MigrationProgress = {}) {
    this.#database = database
    this.#graph = graph
    this.#progress = progress
  }

  /**
   * Executes the steps of a plan in order. Those that another process has executed meanwhile are skipped. Of two processes,
   * one waits for the other.
   * @returns the number of executed steps
   * @throws MigrationFailed at the first step that fails. Those before it remain applied.
   * @throws IrreversibleMigration before the first step if one of them cannot be unapplied
   */
  async execute(plan: readonly PlannedStep[], options: ExecuteOptions = {}): Promise<number> {
    if (plan.length === 0) return 0
    const irreversible = options.fake === true ? undefined : plan.find((step) => step.backwards && !step.migration.down)
    if (irreversible !== undefined) throw new IrreversibleMigration(irreversible.migration)
    const { backend, pool } = this.#database
    return backend.lockMigrations(
      pool,
      () => this.#database.openSingle(),
      async (db) => {
        // If CREATE TABLE commits, it must not be part of the transaction of a migration.
        if (!backend.hasTransactionalDdl) await new MigrationRecorder(this.#database, db).ensureTable()
        let executed = 0
        for (const step of plan) if (await this.#execute(step, db, options)) executed += 1
        return executed
      },
    )
  }

  /** Executes a step. @returns false if another process has done so */
  async #execute(step: PlannedStep, db: Knex, options: ExecuteOptions): Promise<boolean> {
    const log = new StatementLog()
    const outcome = await this.#inTransaction(step.migration, db, (knex) => this.#body(step, knex, log, options)).catch(
      (error: unknown) => {
        throw error instanceof MigrationFailed ? error : failureOf(this.#database, step.migration, log, error)
      },
    )
    if (outcome !== 'skipped') this.#progress.done?.(step, outcome === 'faked')
    return outcome !== 'skipped'
  }

  #inTransaction<T>({ atomic }: Migration, db: Knex, body: (knex: Knex) => Promise<T>): Promise<T> {
    if (!atomic) return body(db)
    const { backend, pool } = this.#database
    return backend.migrationTransaction(db, (trx) => runIn(pool, trx, () => body(trx)))
  }

  async #body(
    step: PlannedStep,
    knex: Knex,
    log: StatementLog,
    options: ExecuteOptions,
  ): Promise<'run' | 'faked' | 'skipped'> {
    const { migration, backwards } = step
    const recorder = new MigrationRecorder(this.#database, knex)
    await recorder.ensureTable()
    // Another process may have executed the step since the plan was made.
    if ((await recorder.applied()).has(migration.key) !== backwards) return 'skipped'
    this.#progress.began?.(step)
    const fake = options.fake === true || (options.fakeInitial === true && (await this.#tablesExist(step, knex)))
    if (!fake) await this.#run(step, knex, log)
    await (backwards ? recorder.forget(migration) : recorder.record(migration))
    return fake ? 'faked' : 'run'
  }

  async #run({ migration, backwards }: PlannedStep, knex: Knex, log: StatementLog): Promise<void> {
    knex.on('query', log.began).on('query-error', log.failed)
    try {
      await (backwards ? migration.down : migration.up)?.(editorOf(this.#database, knex))
    } finally {
      knex.removeListener('query', log.began).removeListener('query-error', log.failed)
    }
  }

  /** Whether all tables of the first migration of an app exist. */
  async #tablesExist({ migration, backwards }: PlannedStep, knex: Knex): Promise<boolean> {
    if (backwards || !this.#graph.isInitial(migration)) return false
    const tables = await tablesMadeBy(this.#database, migration)
    for (const table of tables) if (!(await knex.schema.hasTable(table))) return false
    return tables.length > 0
  }
}
