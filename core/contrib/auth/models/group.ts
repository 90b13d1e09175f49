/** `Group` and `Permission`, and the many-to-many relations between users, groups and permissions. */
import type { Knex } from 'knex'
import { connections } from '#core/db'
import { altersData } from '#core/utils'
import { Manager } from './manager.ts'
import { Model, type ModelClass, number, text } from './model.ts'

// Many-to-many relations: `user.groups`, `group.permissions`.

/** A many-to-many table, seen from one side. */
export interface Pairs {
  readonly table: string
  /** Column with the id of the owner. */
  readonly from: string
  /** Column with the id of the target. */
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

  /** Adds targets. Existing ones are ignored. */
  async add(...targets: readonly T[]): Promise<void> {
    const { from, to } = this.#pairs
    const pairs = targets.map((target) => ({ [from]: this.#id(), [to]: idOf(target) }))
    if (pairs.length > 0) await this.#rows().insert(pairs).onConflict([from, to]).ignore()
  }

  async remove(...targets: readonly T[]): Promise<void> {
    const { from, to } = this.#pairs
    await this.#rows().where(from, this.#id()).whereIn(to, targets.map(idOf)).delete()
  }

  /** Replaces all targets. */
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

// `Permission`: an action that can be granted to users and groups, `app_label.codename`.

export class Permission extends Model {
  static readonly table = 'auth_permission'
  static readonly fields = {
    id: number('id'),
    name: text('name'),
    contentTypeId: number('content_type_id'),
    codename: text('codename'),
  }

  static get objects(): PermissionManager {
    return permissions
  }

  /** Human-readable: `Can add user`. */
  name = ''
  contentTypeId: number | null = null
  /** Identifier: `add_user`. */
  codename = ''

  override toString(): string {
    return this.name
  }
}

export class PermissionManager extends Manager<Permission> {
  /** The permission with a codename for a model, or null. */
  async findByNaturalKey(codename: string, appLabel: string, model: string): Promise<Permission | null> {
    const types = this.rows().client.queryBuilder().from('django_content_type').select('id')
    const row: unknown = await this.rows()
      .where('codename', codename)
      .whereIn('content_type_id', types.where({ app_label: appLabel, model }))
      .first()
    return row === undefined ? null : (this.load([row])[0] ?? null)
  }
}

const permissions = new PermissionManager(Permission)

export class Group extends Model {
  static readonly table = 'auth_group'
  static readonly fields = { id: number('id'), name: text('name') }

  static get objects(): Manager<Group> {
    return groups
  }

  name = ''

  /** The permissions of the group's users. */
  get permissions(): Links<Permission> {
    return new Links(this, { table: 'auth_group_permissions', from: 'group_id', to: 'permission_id' }, Permission)
  }

  /** Deletes the group, but not its users and permissions. */
  override async delete(): Promise<void> {
    await this.permissions.clear()
    await new Links(this, { table: 'auth_user_groups', from: 'group_id', to: 'user_id' }, Group).clear()
    await super.delete()
  }

  override toString(): string {
    return this.name
  }
}

altersData(Group.prototype, ['delete'])

const groups = new Manager(Group)
