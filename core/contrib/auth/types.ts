/** Interfaces of users, user classes and backends, which a project may implement, and maximum lengths of strings. */
import type { HttpRequest } from '#core/http'
import { isLongerThan } from '#core/utils'

/** Attributes of a user by name. */
export type Values = Readonly<Record<string, unknown>>

/** An authenticated or anonymous user: the members that `request.user` always has. */
export interface UserLike {
  readonly id: number | string | null
  readonly isActive: boolean
  readonly isSuperuser: boolean
  readonly isAuthenticated: boolean
  readonly isAnonymous: boolean
  getUsername(): string
  /** @param object for backends with permissions for single objects */
  hasPerm(permission: string, object?: unknown): Promise<boolean>
  hasPerms(permissions: readonly string[], object?: unknown): Promise<boolean>
  hasModulePerms(appLabel: string): Promise<boolean>
  getAllPermissions(object?: unknown): Promise<ReadonlySet<string>>
}

/** A user as required by login, password changes and the commands. `User` implements it. */
export interface AuthUser extends UserLike {
  /** The hashed password, as stored. */
  password: string
  lastLogin?: Date | null
  /** Dotted name of the backend that authenticated the user. */
  backend?: string | undefined
  getSessionAuthHash(): string
  /** The session hash for each of SECRET_KEY_FALLBACKS. */
  getSessionAuthFallbackHashes(): readonly string[]
  /** Hashes a password and sets `password`, without saving. Null sets an unusable password. */
  setPassword(password: string | null): Promise<void>
  /**
   * Hashes a password and saves it if the stored hash is still the one that was read with the user. Without this
   * method, two concurrent requests with the same reset link both succeed.
   * @returns false if the password was changed concurrently
   */
  replacePassword?(password: string | null): Promise<boolean>
  checkPassword(password: string): Promise<boolean>
  hasUsablePassword(): boolean
  save(options?: { updateFields?: readonly string[] }): Promise<void>
}

export interface UserObjects<U extends AuthUser = AuthUser> {
  /** The same manager for another database. */
  using(alias: string): UserObjects<U>
  first(where: Values): Promise<U | null>
  /** The user with a value of `usernameField`, or null. */
  findByNaturalKey(name: string): Promise<U | null>
  /** The user with an id, given as the string in a session or a link; null if it is unknown or invalid. */
  findById(text: string): Promise<U | null>
  /** Active users with an email address, compared case-insensitively. */
  findByEmail(email: string): Promise<U[]>
  /** @throws ValidationError if the name is taken or invalid */
  createUser(name: string, email?: string | null, password?: string | null, extra?: Values): Promise<U>
  createSuperuser(name: string, email?: string | null, password?: string | null, extra?: Values): Promise<U>
}

/** The class that AUTH_USER_MODEL names. */
export interface UserClass<U extends AuthUser = AuthUser> {
  new (): U
  readonly name: string
  /** The property that identifies users at login. */
  readonly usernameField: string
  readonly emailField: string
  /** Further properties that createsuperuser asks for. */
  readonly requiredFields: readonly string[]
  readonly objects: UserObjects<U>
}

/** Credentials of a login, usually `{ username, password }`. */
export type Credentials = Readonly<Record<string, unknown>>

/** A backend. AUTHENTICATION_BACKENDS names its class. Optional methods that it lacks are skipped. */
export interface AuthBackend {
  /** The user, or null if the credentials are wrong or not supported. @throws PermissionDenied to stop the search */
  authenticate?(request: HttpRequest | null, credentials: Credentials): Promise<AuthUser | null>
  /** The user with an id from a session, or null. */
  getUser(id: string): Promise<AuthUser | null>
  getAllPermissions?(user: UserLike, object?: unknown): Promise<ReadonlySet<string>>
  /** @throws PermissionDenied to deny without asking further backends */
  hasPerm?(user: UserLike, permission: string, object?: unknown): Promise<boolean>
  hasModulePerms?(user: UserLike, appLabel: string): Promise<boolean>
}

export type AuthBackendClass = new () => AuthBackend

// Maximum lengths. Each is checked before the string is normalised, matched or hashed.

/** In characters. */
export const MAX_USERNAME_LENGTH = 254

/** In characters: 64 before the @ and 255 after it (RFC 5321, section 4.5.3.1). */
export const MAX_EMAIL_LENGTH = 320

/** In UTF-16 code units. */
export const MAX_PASSWORD_LENGTH = 4096

/** Django's error message for a value of more than `limit` characters; undefined if it is short enough. */
export function lengthProblem(value: string, limit: number): string | undefined {
  if (!isLongerThan(value, limit)) return undefined
  let count = 0
  // oxlint-disable-next-line typescript/no-unused-vars
  for (const _ of value) count++
  return `Ensure this value has at most ${limit} ${limit === 1 ? 'character' : 'characters'} (it has ${count}).`
}

/**
 * A username in NFKC, so that lookalike names are equal. A name that is too long is returned unchanged, as in Django:
 * the time of normalisation is quadratic in the number of consecutive combining characters.
 */
export const normalizeUsername = (name: string): string =>
  isLongerThan(name, MAX_USERNAME_LENGTH) ? name : name.normalize('NFKC')

/** Whether a user can have this name: it is not too long and contains no NUL, which a database may reject. */
export const canBeUsername = (name: string): boolean => !isLongerThan(name, MAX_USERNAME_LENGTH) && !name.includes('\0')
