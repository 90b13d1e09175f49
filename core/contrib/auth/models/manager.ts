/** Finds and creates the objects of a model: `User.objects`. */
import type { Knex } from 'knex'
import { connections, DEFAULT_ALIAS } from '#core/db'
import { altersData } from '#core/utils'
import { type ColumnValue, Model, type ModelClass, toColumn } from './model.ts'

/** No object matches. */
export class ObjectDoesNotExist extends Error {
  override readonly name = 'ObjectDoesNotExist'
}

/** Several objects match where one was expected. */
export class SeveralObjects extends Error {
  override readonly name = 'SeveralObjects'
}

/** Values by property. An object matches if all of them are equal. */
export type Where = Readonly<Record<string, unknown>>

type Row = Record<string, unknown>

export class Manager<M extends Model> {
  protected readonly model: ModelClass<M>
  readonly alias: string

  constructor(model: ModelClass<M>, alias: string = DEFAULT_ALIAS) {
    this.model = model
    this.alias = alias
  }

  /** The same manager for another database. */
  using(alias: string): this {
    return new (this.constructor as new (model: ModelClass<M>, alias: string) => this)(this.model, alias)
  }

  /** A knex query of the table, by column names. `load()` turns its rows into objects. */
  rows(): Knex.QueryBuilder<Row> {
    return connections.get(this.alias)<Row>(this.model.table)
  }

  /** Turns rows into objects. */
  load(rows: readonly unknown[]): M[] {
    return rows.map((row) => Model.load(this.model, row as Row, this.alias))
  }

  /** The only object that matches. @throws ObjectDoesNotExist, SeveralObjects */
  async get(where: Where): Promise<M> {
    const [found, another] = this.load((await this.#where(where).limit(2)) as unknown[])
    const { name } = this.model
    if (found === undefined) throw new ObjectDoesNotExist(`${name} matching query does not exist.`)
    if (another !== undefined) throw new SeveralObjects(`get() returned more than one ${name}.`)
    return found
  }

  /** The matching object with the lowest id, or null. */
  async first(where: Where = {}): Promise<M | null> {
    const row = (await this.#where(where).orderBy('id').first()) as unknown
    return row === undefined ? null : (this.load([row])[0] ?? null)
  }

  /** All matching objects, ordered by id. */
  async filter(where: Where = {}): Promise<M[]> {
    return this.load((await this.#where(where).orderBy('id')) as unknown[])
  }

  all(): Promise<M[]> {
    return this.filter()
  }

  async count(where: Where = {}): Promise<number> {
    const row = (await this.#where(where).count({ n: '*' }).first()) as { n: number | string }
    return Number(row.n)
  }

  async exists(where: Where = {}): Promise<boolean> {
    return (await this.#where(where).first('id')) !== undefined
  }

  /** Creates and saves an object. */
  async create(values: Where): Promise<M> {
    const model = this.build(values)
    await model.save()
    return model
  }

  /** Creates an object without saving it. */
  protected build(values: Where): M {
    const { fields, name: model } = this.model
    const unknown = Object.keys(values).find((name) => !Object.hasOwn(fields, name))
    if (unknown !== undefined) throw new TypeError(`${model} has no field '${unknown}'.`)
    const built = Object.assign(new this.model(), values)
    built.databaseAlias = this.alias
    return built
  }

  #where(where: Where): Knex.QueryBuilder<Row> {
    const query = this.rows()
    for (const [name, value] of Object.entries(where)) {
      const field = this.model.fields[name]
      if (field === undefined) throw new TypeError(`${this.model.name} has no field '${name}'.`)
      const column: ColumnValue = toColumn(field, value, this.alias)
      if (column === null) void query.whereNull(field.column)
      else void query.where(field.column, column)
    }
    return query
  }
}

altersData(Manager.prototype, ['create'])
