/** The other side of a table of pairs: `user.groups`, `group.permissions`. */
import type { Knex } from 'knex'
import { connections } from '#core/db'
import { altersData } from '#core/utils'
import { Manager } from './manager.ts'
import { type Model, type ModelClass } from './model.ts'

/** A table of pairs, seen from one side. */
export interface Pairs {
  readonly table: string
  /** Column with the id of the side that is asked. */
  readonly from: string
  /** Column with the id of the other side. */
  readonly to: string
}

type Row = Record<string, number>

export class Links<T extends Model> {
  readonly #owner: Model
  readonly #pairs: Pairs
  readonly #target: ModelClass<T>

  constructor(owner: Model, pairs: Pairs, target: ModelClass<T>) {
    this.#owner = owner
    this.#pairs = pairs
    this.#target = target
  }

  async all(): Promise<T[]> {
    const { table, from, to } = this.#pairs
    const objects = new Manager(this.#target, this.#owner.databaseAlias)
    const ids = connections.get(objects.alias)(table).where(from, this.#id()).select(to)
    return objects.load((await objects.rows().whereIn('id', ids).orderBy('id')) as unknown[])
  }

  /** Adds pairs; one that is there stays. */
  async add(...targets: readonly T[]): Promise<void> {
    const { from, to } = this.#pairs
    const pairs = targets.map((target) => ({ [from]: this.#id(), [to]: idOf(target) }))
    if (pairs.length > 0) await this.#rows().insert(pairs).onConflict([from, to]).ignore()
  }

  async remove(...targets: readonly T[]): Promise<void> {
    const { from, to } = this.#pairs
    await this.#rows().where(from, this.#id()).whereIn(to, targets.map(idOf)).delete()
  }

  /** These and no others. */
  async set(targets: readonly T[]): Promise<void> {
    const { from, to } = this.#pairs
    await this.#rows().where(from, this.#id()).whereNotIn(to, targets.map(idOf)).delete()
    await this.add(...targets)
  }

  async clear(): Promise<void> {
    await this.#rows().where(this.#pairs.from, this.#id()).delete()
  }

  #rows(): Knex.QueryBuilder<Row> {
    return connections.get(this.#owner.databaseAlias)<Row>(this.#pairs.table)
  }

  #id(): number {
    return idOf(this.#owner)
  }
}

function idOf(model: Model): number {
  if (model.id !== null) return model.id
  throw new Error(`This ${model.constructor.name} has to be saved before it can be paired with others.`)
}

altersData(Links.prototype, ['add', 'remove', 'set', 'clear'])
