/** `User`, which a project may extend, and `AnonymousUser`, the user of a request without a login. */
import { inspect } from 'node:util'
import { BoundedCache } from '#core/concurrency'
import { settings } from '#core/conf'
import { transaction } from '#core/db'
import { ServiceUnavailable } from '#core/exceptions'
import { saltedHmac } from '#core/signing'
import { altersData, clock, getLogger } from '#core/utils'
import { getAllPermissions, hasModulePerms, hasPerm, hasPerms } from '../authentication.ts'
import {
  isPasswordReadable,
  isPasswordUsable,
  makePassword,
  unusablePassword,
  verifyPassword,
} from '../hashers/index.ts'
import type { AuthUser, UserLike } from '../types.ts'
import { Group, Links, Permission } from './group.ts'
import { boolean, date, type Fields, Model, type ModelClass, number, text } from './model.ts'
import { asDuplicate, managerOf, type UserManager } from './user_manager.ts'

const log = getLogger('django.contrib.auth')

/** Django's salt, so that sessions are interchangeable with Django. */
const SESSION_HASH_SALT = 'django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash'

/**
 * HMAC of the stored password that is kept in the session, so that changing the password invalidates sessions.
 * @param secret SECRET_KEY by default
 * @returns hex SHA-256
 */
export const sessionAuthHash = (password: string, secret?: string): string =>
  saltedHmac(SESSION_HASH_SALT, password, { algorithm: 'sha256', ...(secret !== undefined && { secret }) }).toString(
    'hex',
  )

/** Users whose stored password was reported as unreadable, so that it is not reported at each login. */
const reported = new BoundedCache<true>()

function warnOfUnreadable({ id, databaseAlias, password, constructor: { name } }: User): void {
  const user = `${name} ${id} of the database '${databaseAlias}'`
  if (password === '' || isPasswordReadable(password) || reported.get(user) === true) return
  reported.add(user, true)
  log.warning(
    `The stored password of ${user} cannot be read: no hasher of PASSWORD_HASHERS wrote it, or it is damaged. No` +
      ' password fits it until it is reset.',
  )
}

export class User extends Model implements AuthUser {
  static readonly table: string = 'auth_user'
  /** The many-to-many tables with groups and permissions, and their column with the user's id. */
  static readonly pairs = { groups: 'auth_user_groups', permissions: 'auth_user_user_permissions', column: 'user_id' }
  static readonly usernameField: string = 'username'
  static readonly emailField: string = 'email'
  static readonly requiredFields: readonly string[] = ['email']
  static readonly fields: Fields = {
    id: number('id'),
    password: text('password'),
    lastLogin: date('last_login'),
    isSuperuser: boolean('is_superuser'),
    username: text('username'),
    firstName: text('first_name'),
    lastName: text('last_name'),
    email: text('email'),
    isStaff: boolean('is_staff'),
    isActive: boolean('is_active'),
    dateJoined: date('date_joined'),
  }

  /** A subclass gets its own manager. To type it: `static override get objects() { return managerOf(Member) }`. */
  static get objects(): UserManager<User> {
    return managerOf(this as ModelClass<User>)
  }

  /** The hashed password, as stored. */
  password = ''
  lastLogin: Date | null = null
  /** A superuser implicitly has all permissions. */
  isSuperuser = false
  username = ''
  firstName = ''
  lastName = ''
  email = ''
  isStaff = false
  /** An inactive user cannot log in. */
  isActive = true
  dateJoined: Date = new Date(clock.now())
  backend: string | undefined
  #permissions: ReadonlySet<string> | undefined

  readonly isAuthenticated = true
  readonly isAnonymous = false

  getUsername(): string {
    return String((this as unknown as Record<string, unknown>)[this.#class.usernameField])
  }

  getFullName(): string {
    return `${this.firstName} ${this.lastName}`.trim()
  }

  getShortName(): string {
    return this.firstName
  }

  get #class(): typeof User {
    return this.constructor as typeof User
  }

  // Passwords

  /** Hashes a password and sets `password`, without saving. Null sets an unusable password. */
  async setPassword(password: string | null): Promise<void> {
    this.password = await makePassword(password)
  }

  /** Whether the password is correct. If so and its hash is outdated, it is hashed again and saved. */
  async checkPassword(password: string): Promise<boolean> {
    const { isCorrect, mustUpdate } = await verifyPassword(password, this.password)
    if (isCorrect && mustUpdate) return this.#upgrade(password)
    if (!isCorrect) warnOfUnreadable(this)
    return isCorrect
  }

  /** @throws DuplicateUserError if the username or another unique value is taken */
  override async save(options: { updateFields?: readonly string[] } = {}): Promise<void> {
    try {
      await super.save(options)
    } catch (error) {
      throw asDuplicate(error, this.#class)
    }
  }

  /**
   * Hashes the password again and saves it if the stored hash is still the verified one. Of several concurrent logins,
   * one writes and the others read its hash, on which their sessions depend.
   * @returns false if the password was changed concurrently
   */
  async #upgrade(password: string): Promise<boolean> {
    const before = this.password
    try {
      this.password = await makePassword(password)
    } catch (error) {
      // The hashing queue is full. The password is correct, so its hash is updated at a later login.
      if (error instanceof ServiceUnavailable) return true
      throw error
    }
    if (await this.saveIf({ password: before }, ['password'])) return true
    await this.refresh(['password'])
    return (await verifyPassword(password, this.password)).isCorrect
  }

  /**
   * Hashes a password and saves it if the stored hash is still the one that was read with this user, so that the old
   * password or the reset link that permits the change works only once.
   * @returns false if the password was changed concurrently; nothing is written then
   */
  async replacePassword(password: string | null): Promise<boolean> {
    const before = this.password
    await this.setPassword(password)
    const isReplaced = await this.saveIf({ password: before }, ['password'])
    if (!isReplaced) this.password = before
    return isReplaced
  }

  /** Sets an unusable password: no password matches, and no reset link is sent. */
  setUnusablePassword(): void {
    this.password = unusablePassword()
  }

  hasUsablePassword(): boolean {
    return isPasswordUsable(this.password)
  }

  getSessionAuthHash(): string {
    return sessionAuthHash(this.password)
  }

  getSessionAuthFallbackHashes(): string[] {
    return settings.SECRET_KEY_FALLBACKS.map((secret) => sessionAuthHash(this.password, secret))
  }

  // Permissions

  /** @param permission `app_label.codename` */
  hasPerm(permission: string, object?: unknown): Promise<boolean> {
    return hasPerm(this, permission, object)
  }

  hasPerms(permissions: readonly string[], object?: unknown): Promise<boolean> {
    return hasPerms(this, permissions, object)
  }

  /** Whether the user has any permission in an app. */
  hasModulePerms(appLabel: string): Promise<boolean> {
    return hasModulePerms(this, appLabel)
  }

  getAllPermissions(object?: unknown): Promise<Set<string>> {
    return getAllPermissions(this, object)
  }

  /**
   * Loads the user's permissions once, so that templates can use them: `{% if perms.polls.add_vote %}`. For a
   * superuser, who has all permissions, nothing is read and the set is empty.
   */
  async loadPermissions(): Promise<ReadonlySet<string>> {
    if (this.#permissions === undefined)
      this.#permissions = this.isSuperuser ? new Set() : await this.getAllPermissions()
    return this.#permissions
  }

  /** The result of `loadPermissions()`; undefined before it was called. */
  get loadedPermissions(): ReadonlySet<string> | undefined {
    return this.#permissions
  }

  get groups(): Links<Group> {
    const { groups: table, column: from } = this.#class.pairs
    return new Links(this, { table, from, to: 'group_id' }, Group)
  }

  /** Permissions assigned to this user, in addition to those of the groups. */
  get userPermissions(): Links<Permission> {
    const { permissions: table, column: from } = this.#class.pairs
    return new Links(this, { table, from, to: 'permission_id' }, Permission)
  }

  /** Deletes the user and its relations to groups and permissions. */
  override async delete(): Promise<void> {
    await transaction(async () => {
      await this.groups.clear()
      await this.userPermissions.clear()
      await super.delete()
    }, this.databaseAlias)
  }

  // Strings

  override toString(): string {
    return this.getUsername()
  }

  /** All fields except the password. */
  toJSON(): Record<string, unknown> {
    const names = Object.keys(this.#class.fields).filter((name) => name !== 'password')
    return Object.fromEntries(names.map((name) => [name, (this as unknown as Record<string, unknown>)[name]]))
  }

  /** Keeps the password out of logs and error pages. */
  [inspect.custom](): string {
    return `<${this.constructor.name}: ${this.getUsername()}>`
  }
}

altersData(User.prototype, ['save', 'delete', 'setPassword', 'replacePassword', 'setUnusablePassword', 'checkPassword'])

const NO_PERMISSIONS: ReadonlySet<string> = new Set()

export class AnonymousUser implements UserLike {
  readonly id = null
  readonly username = ''
  readonly firstName = ''
  readonly lastName = ''
  readonly email = ''
  readonly isStaff = false
  readonly isActive = false
  readonly isSuperuser = false
  readonly isAuthenticated = false
  readonly isAnonymous = true
  /** Always empty: backends may grant permissions to anonymous users, but templates do not see them. */
  readonly loadedPermissions = NO_PERMISSIONS

  getUsername(): string {
    return ''
  }

  getFullName(): string {
    return ''
  }

  hasPerm(permission: string, object?: unknown): Promise<boolean> {
    return hasPerm(this, permission, object)
  }

  hasPerms(permissions: readonly string[], object?: unknown): Promise<boolean> {
    return hasPerms(this, permissions, object)
  }

  hasModulePerms(appLabel: string): Promise<boolean> {
    return hasModulePerms(this, appLabel)
  }

  getAllPermissions(object?: unknown): Promise<Set<string>> {
    return getAllPermissions(this, object)
  }

  async loadPermissions(): Promise<ReadonlySet<string>> {
    return NO_PERMISSIONS
  }

  toString(): string {
    return 'AnonymousUser'
  }
}
