/** `Group`: users who may do the same. */
import { altersData } from '#core/utils'
import { number, text } from './fields.ts'
import { Links } from './links.ts'
import { Manager } from './manager.ts'
import { Model } from './model.ts'
import { Permission } from './permission.ts'

export class Group extends Model {
  static readonly table = 'auth_group'
  static readonly fields = { id: number('id'), name: text('name') }

  static get objects(): Manager<Group> {
    return groups
  }

  name = ''

  /** What users of the group may do. */
  get permissions(): Links<Permission> {
    return new Links(this, { table: 'auth_group_permissions', from: 'group_id', to: 'permission_id' }, Permission)
  }

  /** Deletes the group; its users and permissions stay. */
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
