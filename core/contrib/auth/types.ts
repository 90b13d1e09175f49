/** The types of users, their class and the backends, which a project may implement, and the limits of their strings. */
import type { HttpRequest } from '#core/http'
import { isLongerThan } from '#core/utils'

/** Values by name: what a form or a command knows of a user. */
export type Values = Readonly<Record<string, unknown>>

/** A user, known or anonymous: the members that `request.user` always has. */
export interface UserLike {
  readonly id: number | string | null
  readonly isActive: boolean
  readonly isSuperuser: boolean
  readonly isAuthenticated: boolean
  readonly isAnonymous: boolean
  getUsername(): string
  /** Of an object, where the project's backends know permissions of single objects. */
  hasPerm(permission: string, object?: unknown): Promise<boolean>
  hasPerms(permissions: readonly string[], object?: unknown): Promise<boolean>
  hasModulePerms(appLabel: string): Promise<boolean>
  getAllPermissions(object?: unknown): Promise<ReadonlySet<string>>
}

/** A user as logging in, changing passwords and the commands need one. `User` is such a one. */
export interface AuthUser extends UserLike {
  /** As it is stored: hashed. */
  password: string
  lastLogin?: Date | null
  /** Dotted name of the backend that authenticated the user. */
  backend?: string | undefined
  getSessionAuthHash(): string
  /** The same under each of SECRET_KEY_FALLBACKS. */
  getSessionAuthFallbackHashes(): readonly string[]
  /** Hashes a password and puts it into `password`, without saving. */
  setPassword(password: string | null): Promise<void>
  /**
   * Hashes a password and saves it, if the stored one is still the one that was read with the user. Without this method,
   * two concurrent requests with the same reset link both succeed.
   * @returns false where the password was changed meanwhile
   */
  replacePassword?(password: string | null): Promise<boolean>
  checkPassword(password: string): Promise<boolean>
  hasUsablePassword(): boolean
  save(options?: { updateFields?: readonly string[] }): Promise<void>
}

export interface UserObjects<U extends AuthUser = AuthUser> {
  /** The same on another database. */
  using(alias: string): UserObjects<U>
  first(where: Values): Promise<U | null>
  /** By what users name themselves with. */
  findByNaturalKey(name: string): Promise<U | null>
  /** By the id as a session or a link stores it, as a string. For an invalid id there is no user. */
  findById(text: string): Promise<U | null>
  /** Active users with a mail address, whatever its case. */
  findByEmail(email: string): Promise<U[]>
  /** @throws ValidationError when the name is taken or cannot be that of a user */
  createUser(name: string, email?: string | null, password?: string | null, extra?: Values): Promise<U>
  createSuperuser(name: string, email?: string | null, password?: string | null, extra?: Values): Promise<U>
}

/** The class that AUTH_USER_MODEL names. */
export interface UserClass<U extends AuthUser = AuthUser> {
  new (): U
  readonly name: string
  /** Property that users name themselves with. */
  readonly usernameField: string
  readonly emailField: string
  /** Further properties that createsuperuser asks for. */
  readonly requiredFields: readonly string[]
  readonly objects: UserObjects<U>
}

/** What is presented to prove who one is: `{ username, password }` as a rule. */
export type Credentials = Readonly<Record<string, unknown>>

/** A class that AUTHENTICATION_BACKENDS names. What it has no method for, it leaves to the others. */
export interface AuthBackend {
  /** The user of these credentials; null when they are wrong or none of this backend's. @throws PermissionDenied to end the search */
  authenticate?(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null>
  /** The user of an id that a session holds. */
  getUser(id: string): Promise<AuthUser | null>
  getAllPermissions?(user: UserLike, object?: unknown): Promise<ReadonlySet<string>>
  /** @throws PermissionDenied to end the search */
  hasPerm?(user: UserLike, permission: string, object?: unknown): Promise<boolean>
  hasModulePerms?(user: UserLike, appLabel: string): Promise<boolean>
}

export type AuthBackendClass = new () => AuthBackend

// Limits of names, addresses and passwords. Each is checked before the string is normalised, matched or hashed.

/** Characters of a username. */
export const MAX_USERNAME_LENGTH = 254

/** Characters of a mail address: 64 before the @ and 255 behind it (RFC 5321, section 4.5.3.1). */
export const MAX_EMAIL_LENGTH = 320

/** UTF-16 code units of a password. */
export const MAX_PASSWORD_LENGTH = 4096

/** Django's message for a value of more than `limit` characters; undefined for one that is short enough. */
export function lengthProblem(value: string, limit: number): string | undefined {
  if (!isLongerThan(value, limit)) return undefined
  let count = 0
  // oxlint-disable-next-line typescript/no-unused-vars
  for (const _ of value) count++
  return `Ensure this value has at most ${limit} ${limit === 1 ? 'character' : 'characters'} (it has ${count}).`
}

/**
 * A username in NFKC, so that names which look the same are the same. A name that is too long stays as it is, as in
 * Django: the time of a normalisation grows with the square of the combining characters in a row.
 */
export const normalizeUsername = (name: string): string =>
  isLongerThan(name, MAX_USERNAME_LENGTH) ? name : name.normalize('NFKC')

/** Whether a user may have this name. A name that is too long is not looked up; a database may refuse NUL. */
export const canBeUsername = (name: string): boolean => !isLongerThan(name, MAX_USERNAME_LENGTH) && !name.includes('\0')
