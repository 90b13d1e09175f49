/** Migrations: how files become a graph, a graph becomes a plan, and a plan is carried out. */
export { type ExecuteOptions, MigrationExecutor, type MigrationProgress } from './executor.ts'
export { IrreversibleMigration, MigrationFailed } from './failure.ts'
export { InconsistentMigrationHistory, MigrationGraph, type MigrationTarget, type PlannedStep } from './graph.ts'
export { loadMigrations, migrationsFolder } from './loader.ts'
export {
  type Migration,
  type MigrationDependency,
  type MigrationEditor,
  type MigrationStep,
  readableFile,
} from './migration.ts'
export { type AppliedMigration, appliedMigrations, MigrationRecorder } from './recorder.ts'
export { type MigrateEvent, postMigrate, preMigrate } from './signals.ts'
export { migrationSql } from './statements.ts'
export { unappliedMigrations } from './status.ts'
export { type AppTables, appTables } from './app_tables.ts'
