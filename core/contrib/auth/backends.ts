/** Backends: `ModelBackend` knows the users of the database, what they and their groups may do, and their passwords. */
import type { Knex } from 'knex'
import { connections } from '#core/db'
import type { HttpRequest } from '#core/http'
import { type AuthBackend, type AuthUser, canBeUsername, type Credentials, type UserLike } from './types.ts'
import { burnHash } from './hashers/index.ts'
import { User } from './models/user.ts'
import { getUserModel } from './authentication.ts'

const NOTHING: ReadonlySet<string> = new Set()

/** What was read for a user, so that a page that asks ten times reads once. */
const read = new WeakMap<UserLike, Promise<ReadonlySet<string>>>()

export class ModelBackend implements AuthBackend {
  async authenticate(_request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null> {
    const name = credentials.username ?? credentials[getUserModel().usernameField]
    const { password } = credentials
    if (typeof name !== 'string' || typeof password !== 'string') return null
    const user = canBeUsername(name) ? await getUserModel().objects.findByNaturalKey(name) : null
    // An unknown name takes as long as a wrong password, so that the time does not reveal which names exist.
    if (user === null) await burnHash()
    else if ((await user.checkPassword(password)) && this.userCanAuthenticate(user)) return user
    return null
  }

  /** Whether a user with the right password may log in. */
  userCanAuthenticate(user: AuthUser): boolean {
    return user.isActive
  }

  async getUser(id: string): Promise<AuthUser | null> {
    const user = await getUserModel().objects.findById(id)
    return user !== null && this.userCanAuthenticate(user) ? user : null
  }

  /** `app_label.codename` of all that a user may do, alone or in a group; of a superuser, all there is. */
  async getAllPermissions(user: UserLike, object?: unknown): Promise<ReadonlySet<string>> {
    // Who may do what to one object is not written in these tables.
    if (!user.isActive || object !== undefined || !(user instanceof User)) return NOTHING
    let permissions = read.get(user)
    if (permissions === undefined) {
      permissions = permissionsOf(user, ['user', 'group'])
      read.set(user, permissions)
      permissions.catch(() => read.delete(user))
    }
    return permissions
  }

  /** What was granted to a user alone. */
  async getUserPermissions(user: User): Promise<ReadonlySet<string>> {
    return user.isActive ? permissionsOf(user, ['user']) : NOTHING
  }

  /** What the groups of a user may do. */
  async getGroupPermissions(user: User): Promise<ReadonlySet<string>> {
    return user.isActive ? permissionsOf(user, ['group']) : NOTHING
  }

  async hasPerm(user: UserLike, permission: string, object?: unknown): Promise<boolean> {
    return user.isActive && (await this.getAllPermissions(user, object)).has(permission)
  }

  async hasModulePerms(user: UserLike, appLabel: string): Promise<boolean> {
    if (!user.isActive) return false
    return [...(await this.getAllPermissions(user))].some((permission) => permission.startsWith(`${appLabel}.`))
  }
}

/** One query for what a user and the groups may do. */
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

/** Lets users log in who are not active; what they may do is for the project's views to say. */
export class AllowAllUsersModelBackend extends ModelBackend {
  override userCanAuthenticate(): boolean {
    return true
  }
}
