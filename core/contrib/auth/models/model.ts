/** `Model`, a table row as an object that tracks its changes, and the field types of its columns. */
import { connections, DEFAULT_ALIAS, fromDatabaseDate, toDatabaseDate } from '#core/db'
import type { Knex } from 'knex'
import { altersData } from '#core/utils'

// Fields: how properties map to columns.

export interface Field {
  readonly column: string
  readonly kind: 'number' | 'text' | 'boolean' | 'date'
}

/** Fields by property. */
export type Fields = Readonly<Record<string, Field>>

const field =
  (kind: Field['kind']) =>
  (column: string): Field => ({ column, kind })

export const number = field('number')
export const text = field('text')
export const boolean = field('boolean')
/** A property of type Date. */
export const date = field('date')

export type ColumnValue = string | number | boolean | null

/** Converts a property's value to its column's. @throws TypeError for a date that is not a Date */
export function toColumn({ kind }: Field, value: unknown, alias: string): ColumnValue {
  if (value === null || value === undefined) return null
  if (kind !== 'date') return value as ColumnValue
  if (!(value instanceof Date)) throw new TypeError('A date of a model is a Date or null.')
  return toDatabaseDate(value.getTime(), alias)
}

/** Converts a column's value to its property's. */
function fromColumn({ kind }: Field, value: unknown, alias: string): unknown {
  if (value === null || value === undefined) return null
  if (kind === 'boolean') return Boolean(value)
  return kind === 'date' ? new Date(fromDatabaseDate(value, alias)) : value
}

/** A value that is `===` for equal values. */
const comparable = (value: unknown): unknown => (value instanceof Date ? value.getTime() : (value ?? null))

/** The static side of a model. */
export interface ModelClass<M extends Model = Model> {
  new (): M
  readonly name: string
  readonly table: string
  readonly fields: Fields
}

type Row = Record<string, unknown>

const classOf = (model: Model): ModelClass => model.constructor as ModelClass

export abstract class Model {
  /** Null until the object is saved. */
  id: number | null = null
  #alias: string = DEFAULT_ALIAS
  /** The stored values by property; undefined for an object that is not in the table. */
  #stored: Map<string, unknown> | undefined

  /** Creates an object from a row. */
  static load<M extends Model>(Class: ModelClass<M>, row: Row, alias: string): M {
    const model = new Class()
    model.#fill(row, alias)
    return model
  }

  /** Alias of the database that the object was read from or is saved to. */
  get databaseAlias(): string {
    return this.#alias
  }

  set databaseAlias(alias: string) {
    this.#alias = alias
  }

  /**
   * Writes the properties that have changed since the object was read, or inserts a new object.
   * @param options.updateFields writes exactly these properties, changed or not
   * @throws Error if the row no longer exists
   */
  async save({ updateFields }: { updateFields?: readonly string[] } = {}): Promise<void> {
    if (this.#stored === undefined) await this.#insert()
    else await this.#update(updateFields ?? this.#changed())
  }

  /**
   * Writes properties if the row still has the expected values, in one statement. Of several concurrent writers with
   * the same expectation, one succeeds.
   * @param expected expected values by property
   * @returns whether the row was written
   */
  protected async saveIf(expected: Readonly<Record<string, unknown>>, names: readonly string[]): Promise<boolean> {
    const { fields } = classOf(this)
    const rows = this.#rows().where('id', this.id)
    for (const [name, value] of Object.entries(expected)) {
      const field = fields[name]
      if (field !== undefined) void rows.where(field.column, toColumn(field, value, this.#alias))
    }
    const updated: number = await rows.update(this.#columns(names))
    if (updated > 0) this.#keep(names)
    return updated > 0
  }

  /** Deletes the row. The object keeps its values. */
  async delete(): Promise<void> {
    await this.#rows().where('id', this.id).delete()
    this.#stored = undefined
  }

  /**
   * Reads the row again and overwrites the object's values.
   * @param names properties to read; all by default
   * @throws Error if the row no longer exists
   */
  async refresh(names: readonly string[] = Object.keys(classOf(this).fields)): Promise<void> {
    const columns = names.map((name) => classOf(this).fields[name]?.column ?? name)
    const row = (await this.#rows().where('id', this.id).first(columns)) as Row | undefined
    if (row === undefined) throw this.#gone()
    this.#fill(row, this.#alias)
  }

  #rows(): Knex.QueryBuilder<Row> {
    return connections.get(this.#alias)<Row>(classOf(this).table)
  }

  #fill(row: Row, alias: string): void {
    this.#alias = alias
    const values: Row = {}
    for (const [name, field] of Object.entries(classOf(this).fields)) {
      if (field.column in row) values[name] = fromColumn(field, row[field.column], alias)
    }
    Object.assign(this, values)
    this.#keep(Object.keys(values))
  }

  /** Records the current values of these properties as stored. */
  #keep(names: readonly string[]): void {
    this.#stored ??= new Map()
    for (const name of names) this.#stored.set(name, comparable(this.#value(name)))
  }

  #value(name: string): unknown {
    return (this as unknown as Row)[name]
  }

  #changed(): string[] {
    return Object.keys(classOf(this).fields).filter((name) => this.#stored?.get(name) !== comparable(this.#value(name)))
  }

  #columns(names: readonly string[]): Record<string, ColumnValue> {
    const { fields, name: model } = classOf(this)
    return Object.fromEntries(
      names.map((name) => {
        const field = fields[name]
        if (field === undefined) {
          throw new TypeError(`${model} has no field '${name}'. It has: ${Object.keys(fields).join(', ')}.`)
        }
        return [field.column, toColumn(field, this.#value(name), this.#alias)]
      }),
    )
  }

  async #insert(): Promise<void> {
    const names = Object.keys(classOf(this).fields).filter((name) => name !== 'id' || this.id !== null)
    const insert = this.#rows().insert(this.#columns(names))
    const { vendor } = connections.database(this.#alias).backend
    const [added]: (number | { id: number })[] = await (vendor === 'postgresql' ? insert.returning('id') : insert)
    this.id ??= typeof added === 'object' ? added.id : (added ?? null)
    this.#keep(['id', ...names])
  }

  async #update(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const updated: number = await this.#rows().where('id', this.id).update(this.#columns(names))
    if (updated === 0) throw this.#gone()
    this.#keep(names)
  }

  #gone(): Error {
    const { name, table } = classOf(this)
    return new Error(`This ${name} cannot be saved or read anew: ${table} has no row of its id any more.`)
  }
}

altersData(Model.prototype, ['save', 'saveIf', 'delete', 'refresh'])
