/** Migrations: files are loaded into a graph, which is turned into a plan, which is executed. */
export { type ExecuteOptions, MigrationExecutor, type MigrationProgress } from './executor.ts'
export { IrreversibleMigration, MigrationFailed } from './failure.ts'
export { InconsistentMigrationHistory, MigrationGraph, type MigrationTarget, type PlannedStep } from './graph.ts'
export { loadMigrations, migrationsFolder, unappliedMigrations } from './loader.ts'
export {
  type MigrateEvent,
  type Migration,
  type MigrationDependency,
  type MigrationEditor,
  type MigrationStep,
  postMigrate,
  preMigrate,
  readableFile,
} from './migration.ts'
export { type AppliedMigration, appliedMigrations, MigrationRecorder } from './recorder.ts'
export { migrationSql } from './statements.ts'
export { appTables, type AppTables } from './app_tables.ts'
