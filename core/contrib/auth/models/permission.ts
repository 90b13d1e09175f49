/** `Permission`: something that one may be allowed to do, `app_label.codename`. */
import { number, text } from './fields.ts'
import { Manager } from './manager.ts'
import { Model } from './model.ts'

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

  /** For people: `Can add user`. */
  name = ''
  contentTypeId: number | null = null
  /** For programs: `add_user`. */
  codename = ''

  override toString(): string {
    return this.name
  }
}

export class PermissionManager extends Manager<Permission> {
  /** The permission of a codename about a model; null when there is none. */
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
