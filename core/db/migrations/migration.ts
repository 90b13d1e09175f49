/** A migration: a file `<app>/migrations/NNNN_name.ts` that exports `up`, `down` and `dependencies`. */
import path from 'node:path'
import type { Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'
import type { Vendor } from '../backend.ts'
import type { Database } from '../database.ts'

/** A migration that must be applied before: `['auth', '0001_initial']`, or the `__first__` or `__latest__` of an app. */
export type MigrationDependency = readonly [app: string, name: string]

/** The parameter of `up` and `down`. All its statements are part of the transaction of the migration. */
export interface MigrationEditor {
  /** The alias in DATABASES. */
  readonly alias: string
  readonly vendor: Vendor
  /** The schema builder of knex: `await db.schema.createTable('polls_question', (table) => { … })`. */
  readonly schema: Knex.SchemaBuilder
  /** Changes rows: `await db.knex('polls_question').insert({ … })`. */
  readonly knex: Knex
  /** Runs one statement, with a `?` for each binding. @returns its rows, if any */
  raw(sql: string, bindings?: readonly Knex.RawBinding[]): Promise<Record<string, unknown>[]>
}

export type MigrationStep = (db: MigrationEditor) => unknown

export interface Migration {
  readonly app: string
  readonly name: string
  /** `app.name`, as commands print it. */
  readonly key: string
  readonly file: string
  readonly dependencies: readonly MigrationDependency[]
  /** Descriptions of what it does: `Create model Session`. */
  readonly operations: readonly string[]
  /** Whether it runs in a transaction. */
  readonly atomic: boolean
  readonly up: MigrationStep
  /** Absent if the migration cannot be unapplied. */
  readonly down: MigrationStep | undefined
}

export const keyOf = ([app, name]: MigrationDependency): string => `${app}.${name}`

/** The path of a file for a message: relative to the current directory, if the file is in it. */
export function readableFile(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}

const isString = (value: unknown): value is string => typeof value === 'string'

const isDependency = (value: unknown): value is MigrationDependency =>
  Array.isArray(value) && value.length === 2 && value.every(isString)

/** @throws ImproperlyConfigured if an export of the file is invalid */
export function readMigration(app: string, name: string, file: string, module: Record<string, unknown>): Migration {
  const { up, down, dependencies = [], operations = [], atomic = true } = module
  const wrong = (exported: string, expected: string, found: unknown): ImproperlyConfigured =>
    new ImproperlyConfigured(
      `${readableFile(file)}: \`${exported}\` should be ${expected}, found ${formatValue(found)}.`,
    )
  if (typeof up !== 'function') throw wrong('up', 'an exported function of (db)', up)
  if (down !== undefined && typeof down !== 'function') throw wrong('down', 'a function of (db)', down)
  if (!Array.isArray(dependencies) || !dependencies.every(isDependency)) {
    throw wrong('dependencies', "a list of pairs such as ['auth', '0001_initial']", dependencies)
  }
  if (!Array.isArray(operations) || !operations.every(isString))
    throw wrong('operations', 'a list of strings', operations)
  if (typeof atomic !== 'boolean') throw wrong('atomic', 'true or false', atomic)
  return {
    app,
    name,
    key: keyOf([app, name]),
    file,
    dependencies,
    operations,
    atomic,
    up: up as MigrationStep,
    down: down as MigrationStep | undefined,
  }
}

type Rows = Record<string, unknown>[]

/** The rows in the result of a driver: a property in pg, the first of two results in mysql2. A change has none. */
function rowsOf(result: unknown, vendor: Vendor): Rows {
  const rows = {
    sqlite: () => result,
    postgresql: () => (result as { rows?: unknown }).rows,
    mysql: () => (result as unknown[])[0],
  }[vendor]()
  return Array.isArray(rows) ? (rows as Rows) : []
}

export function editorOf(
  { alias, backend: { vendor } }: Pick<Database, 'alias' | 'backend'>,
  knex: Knex,
): MigrationEditor {
  return {
    alias,
    vendor,
    knex,
    get schema() {
      return knex.schema
    },
    async raw(sql, bindings = []) {
      return rowsOf((await knex.raw(sql, bindings)) as unknown, vendor)
    },
  }
}

// Signals before and after each `migrate`, as Django's pre_migrate and post_migrate.

export interface MigrateEvent {
  /** Label of the app. */
  readonly app: string
  /** The alias in DATABASES. */
  readonly alias: string
  readonly verbosity: number
}

type Receiver = (event: MigrateEvent) => Promise<void> | void

class MigrateSignal {
  readonly #receivers = new Set<Receiver>()

  /** Adds a receiver, which is called once for each installed app. Adding it again has no effect. */
  connect(receiver: Receiver): void {
    this.#receivers.add(receiver)
  }

  disconnect(receiver: Receiver): void {
    this.#receivers.delete(receiver)
  }

  async send(event: MigrateEvent): Promise<void> {
    for (const receiver of this.#receivers) await receiver(event)
  }
}

/** Sent before the first migration, even if there are none to apply. */
export const preMigrate = new MigrateSignal()

/** Sent after the last migration: the place to insert rows that an app needs. */
export const postMigrate = new MigrateSignal()
