/** Databases: `connection`, `connections`, `transaction`, dates as Django stores them, migrations. */
import './checks.ts'
export type {
  BackendConfig,
  ClientProgram,
  DatabaseBackend,
  DatabaseLocation,
  DatabaseSettings,
  Dialect,
  Preparing,
  Reader,
  Statements,
  Vendor,
} from './backend.ts'
export {
  connection,
  connections,
  currentConnection,
  Databases,
  DEFAULT_ALIAS,
  onCommit,
  transaction,
} from './connections.ts'
export type { Database } from './database.ts'
export { connectionZone, instantOf, localDateString, secondInstantOf } from './date_strings.ts'
export { fromDatabaseDate, toDatabaseDate, truncateTables, whereExactly } from './dialects.ts'
export { runStatement } from './fast/direct_statements.ts'
export { isConnectionError, isTooLong, isUniqueViolation, violatedKey } from './engines.ts'
export { type ExecuteOptions, MigrationExecutor, type MigrationProgress } from './migrations/executor.ts'
export { IrreversibleMigration, MigrationFailed } from './migrations/failure.ts'
export {
  InconsistentMigrationHistory,
  MigrationGraph,
  type MigrationTarget,
  type PlannedStep,
} from './migrations/graph.ts'
export {
  type MigrateEvent,
  type Migration,
  type MigrationDependency,
  type MigrationEditor,
  type MigrationStep,
  postMigrate,
  preMigrate,
  readableFile,
} from './migrations/migration.ts'
export { type AppliedMigration, appliedMigrations, MigrationRecorder } from './migrations/recorder.ts'
export { migrationSql } from './migrations/statements.ts'
export {
  appTables,
  type AppTables,
  loadMigrations,
  migrationsFolder,
  unappliedMigrations,
} from './migrations/app_tables.ts'
