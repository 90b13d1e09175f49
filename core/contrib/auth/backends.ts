/** Authentication backends. `ModelBackend` checks passwords and permissions against the database. */
import type { Knex } from 'knex'
import { connections } from '#core/db'
import type { HttpRequest } from '#core/http'
import { type AuthBackend, type AuthUser, canBeUsername, type Credentials, type UserLike } from './types.ts'
import { burnHash } from './hashers/index.ts'
import { User } from './models/user.ts'
import { getUserModel } from './authentication.ts'

const NO_PERMISSIONS: ReadonlySet<string> = new Set()

/** Permissions by user object, so that several checks in a request need one query. */
const permissionCache = new WeakMap<UserLike, Promise<ReadonlySet<string>>>()

export class ModelBackend implements AuthBackend {
  async authenticate(_request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
    const name = credentials.username ?? credentials[getUserModel().usernameField]
    const { password } = credentials
    if (typeof name !== 'string' || typeof password !== 'string') return null
    const user = canBeUsername(name) ? await getUserModel().objects.findByNaturalKey(name) : null
    // An unknown name takes as long as a wrong password, so that the response time does not reveal which names exist.
    if (user === null) await burnHash()
    else if ((await user.checkPassword(password)) && this.userCanAuthenticate(user)) return user
    return null
  }

  /** Whether a user with the correct password may log in. */
  userCanAuthenticate(user: AuthUser): boolean {
    return user.isActive
  }

  async getUser(id: string): Promise<AuthUser | null> {
    const user = await getUserModel().objects.findById(id)
    return user !== null && this.userCanAuthenticate(user) ? user : null
  }

  /** `app_label.codename` of all permissions of a user and the user's groups; of a superuser, all that exist. */
  async getAllPermissions(user: UserLike, object?: unknown): Promise<ReadonlySet<string>> {
    // These tables do not store permissions for single objects.
    if (!user.isActive || object !== undefined || !(user instanceof User)) return NO_PERMISSIONS
    let permissions = permissionCache.get(user)
    if (permissions === undefined) {
      permissions = permissionsOf(user, ['user', 'group'])
      permissionCache.set(user, permissions)
      permissions.catch(() => permissionCache.delete(user))
    }
    return permissions
  }

  /** The permissions assigned to a user directly. */
  async getUserPermissions(user: User): Promise<ReadonlySet<string>> {
    return user.isActive ? permissionsOf(user, ['user']) : NO_PERMISSIONS
  }

  /** The permissions of a user's groups. */
  async getGroupPermissions(user: User): Promise<ReadonlySet<string>> {
    return user.isActive ? permissionsOf(user, ['group']) : NO_PERMISSIONS
  }

  async hasPerm(user: UserLike, permission: string, object?: unknown): Promise<boolean> {
    return user.isActive && (await this.getAllPermissions(user, object)).has(permission)
  }

  async hasModulePerms(user: UserLike, appLabel: string): Promise<boolean> {
    if (!user.isActive) return false
    return [...(await this.getAllPermissions(user))].some((permission) => permission.startsWith(`${appLabel}.`))
  }
}

/** Reads the permissions of a user, of the user's groups, or both, in one query. */
async function permissionsOf(user: User, from: readonly ('user' | 'group')[]): Promise<ReadonlySet<string>> {
  const db = connections.get(user.databaseAlias)
  const { pairs } = user.constructor as typeof User
  const own = db(pairs.permissions).where(pairs.column, user.id).select('permission_id')
  const ofGroups = db('auth_group_permissions')
    .whereIn('group_id', db(pairs.groups).where(pairs.column, user.id).select('group_id'))
    .select('permission_id')
  const rows = (await db('auth_permission as p')
    .join('django_content_type as t', 't.id', 'p.content_type_id')
    .where((query: Knex.QueryBuilder) => {
      if (user.isSuperuser) return
      if (from.includes('user')) void query.orWhereIn('p.id', own)
      if (from.includes('group')) void query.orWhereIn('p.id', ofGroups)
    })
    .select('t.app_label', 'p.codename')) as { app_label: string; codename: string }[]
  return new Set(rows.map((row) => `${row.app_label}.${row.codename}`))
}

/** Also lets inactive users log in. The project's views decide what they may do. */
export class AllowAllUsersModelBackend extends ModelBackend {
  override userCanAuthenticate(): boolean {
    return true
  }
}
