/** What a migration is: a file `<app>/migrations/NNNN_name.ts` that exports `up`, `down` and `dependencies`. */
import path from 'node:path'
import type { Knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue } from '#core/utils'
import type { Vendor } from '../backend.ts'
import type { Database } from '../database.ts'

/** A migration that has to come first: `['auth', '0001_initial']`. `__first__` and `__latest__` stand for an app's ends. */
export type MigrationDependency = readonly [app: string, name: string]

/** What `up` and `down` work with. All of it happens in the migration's transaction. */
export interface MigrationEditor {
  /** The alias in DATABASES. */
  readonly alias: string
  readonly vendor: Vendor
  /** knex's schema builder: `await db.schema.createTable('polls_question', (table) => { … })`. */
  readonly schema: Knex.SchemaBuilder
  /** For rows: `await db.knex('polls_question').insert({ … })`. */
  readonly knex: Knex
  /** Runs one statement, `?` standing for a value, and gives the rows that it returns, if any. */
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
  /** What it does, a line each, for people: `Create model Session`. */
  readonly operations: readonly string[]
  /** Whether it runs in a transaction. */
  readonly atomic: boolean
  readonly up: MigrationStep
  /** Absent where there is no way back. */
  readonly down: MigrationStep | undefined
}

export const keyOf = ([app, name]: MigrationDependency): string => `${app}.${name}`

/** A file as the reader of a message finds it: from the current folder, if it is below that. */
export function readableFile(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isDependency = (value: unknown): value is MigrationDependency =>
  Array.isArray(value) && value.length === 2 && value.every(isText)

/** @throws ImproperlyConfigured when the file exports something else than a migration does */
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
  if (!Array.isArray(operations) || !operations.every(isText)) throw wrong('operations', 'a list of texts', operations)
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

// The `db` that a migration is given.

type Rows = Record<string, unknown>[]

/** The rows in what a driver answers: pg wraps them, mysql2 puts the columns beside them, a change has none. */
function rowsOf(answer: unknown, vendor: Vendor): Rows {
  const rows = {
    sqlite: () => answer,
    postgresql: () => (answer as { rows?: unknown }).rows,
    mysql: () => (answer as unknown[])[0],
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

// What apps want done before and after each `migrate`: Django's pre_migrate and post_migrate.

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

  /** Adds a receiver; it is called once for each installed app. Adding it twice is the same as once. */
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

/** Sent before the first migration, also when there is none to apply. */
export const preMigrate = new MigrateSignal()

/** Sent after the last migration: the place for rows that an app needs. */
export const postMigrate = new MigrateSignal()
