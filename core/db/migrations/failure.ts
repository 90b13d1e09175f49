/** Errors of migrations: which migration and statement failed, and the state of the database. */
import type { Database } from '../database.ts'
import { type Migration, readableFile } from './migration.ts'

/** A migration failed. The message has the migration, the statement, and which statements were not rolled back. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed'
  readonly migration: Migration
  /** The SQL that failed, without its values; undefined if no statement failed. */
  readonly statement: string | undefined

  constructor(message: string, migration: Migration, statement: string | undefined, options: ErrorOptions) {
    super(message, options)
    this.migration = migration
    this.statement = statement
  }
}

/** A migration without `down` cannot be unapplied. */
export class IrreversibleMigration extends Error {
  override readonly name = 'IrreversibleMigration'

  constructor(migration: Migration) {
    super(`Migration ${migration.key} cannot be unapplied: ${readableFile(migration.file)} exports no \`down\`.`)
  }
}

const CHANGES_SCHEMA = /^\s*(create|alter|drop|rename|truncate)\b/i

/** Records the statements of a migration from the events of knex. */
export class StatementLog {
  readonly #statements: string[] = []
  #failed: { error: unknown; sql: string } | undefined

  readonly began = ({ sql }: { sql: string }): void => {
    this.#statements.push(sql)
  }

  readonly failed = (error: unknown, { sql }: { sql: string }): void => {
    this.#failed = { error, sql }
    this.#statements.pop()
  }

  /** The statement that caused an error. */
  statementOf(error: unknown): string | undefined {
    return this.#failed?.error === error ? this.#failed?.sql : undefined
  }

  /** The statements that were not rolled back. */
  left(database: Database, { atomic }: Migration): string[] {
    const ran = this.#statements.filter((sql) => !/^\s*(select|show|begin|commit|rollback|pragma)\b/i.test(sql))
    if (!atomic) return ran
    // A change of the schema commits the statements before it, and ends the transaction.
    const commits = !database.backend.hasTransactionalDdl && ran.some((sql) => CHANGES_SCHEMA.test(sql))
    return commits ? ran : []
  }
}

function remains(database: Database, migration: Migration, left: readonly string[]): string {
  if (left.length === 0) return 'It was rolled back: the database is as it was before.'
  const why = migration.atomic
    ? `${database.backend.displayName} cannot roll back a change of the schema`
    : 'The migration is not atomic'
  const list = left.map((sql) => `\n  ${sql}`).join('')
  return `${why}, so this part of it is done and not recorded; undo it by hand before you migrate again:${list}`
}

export function failureOf(
  database: Database,
  migration: Migration,
  log: StatementLog,
  error: unknown,
): MigrationFailed {
  const statement = log.statementOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const reason =
    statement !== undefined && message.startsWith(`${statement} - `) ? message.slice(statement.length + 3) : message
  const failed = statement === undefined ? '' : `\nStatement: ${statement}`
  return new MigrationFailed(
    `Migration ${migration.key} (${readableFile(migration.file)}) failed on database '${database.alias}'.${failed}\n` +
      `Error: ${reason}\n${remains(database, migration, log.left(database, migration))}`,
    migration,
    statement,
    { cause: error },
  )
}
