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
export { connectionZone, instantOf, localDateString } from './date_strings.ts'
export { fromDatabaseDate, toDatabaseDate } from './dates.ts'
export { runStatement } from './fast/direct_statements.ts'
export { truncateTables } from './truncate.ts'
export { isConnectionError, isTooLong, isUniqueViolation, violatedKey } from './errors.ts'
export { whereExactly } from './exact.ts'
export * from './migrations/index.ts'
