/** `User.objects`: finds users, and creates them with a hashed password and a unique name. */
import { isTooLong, violatedKey } from '#core/db'
import { altersData, isLongerThan } from '#core/utils'
import {
  type AuthUser,
  canBeUsername,
  MAX_EMAIL_LENGTH,
  MAX_USERNAME_LENGTH,
  normalizeUsername,
  type UserClass,
  type UserObjects,
  type Values,
} from '../types.ts'
import { makePassword } from '../hashers/index.ts'
import { refuseLongPassword, spelledOut, ValidationError } from '../password_validation.ts'
import { Manager, ObjectDoesNotExist } from './manager.ts'
import type { Model, ModelClass } from './model.ts'

type UserModel = Model & AuthUser

/** Normalizes for comparison. A database may treat addresses of different users as equal. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase()

/** Maximum of a 32-bit column; PostgreSQL raises an error for a larger value. */
const LARGEST_ID = 2 ** 31 - 1

/** An email address with its domain, which is case-insensitive, in lower case; empty for null. */
export function normalizeEmail(email: string | null | undefined): string {
  const at = email?.lastIndexOf('@') ?? -1
  if (email === null || email === undefined) return ''
  return at < 0 ? email : `${email.slice(0, at)}@${email.slice(at + 1).toLowerCase()}`
}

/** @throws ValidationError for a string that is too long or contains NUL, which a database may reject */
function checkString(value: string, limit: number): void {
  if (isLongerThan(value, limit)) throw new ValidationError(`Ensure this value has at most ${limit} characters.`)
  if (value.includes('\0')) throw new ValidationError('Null characters are not allowed.')
}

export class UserManager<U extends UserModel> extends Manager<U> implements UserObjects<U> {
  get #class(): UserClass<U> {
    return this.model as unknown as UserClass<U>
  }

  normalizeEmail(email: string | null | undefined): string {
    return normalizeEmail(email)
  }

  async findByNaturalKey(name: string): Promise<U | null> {
    return canBeUsername(name) ? this.first({ [this.#class.usernameField]: name }) : null
  }

  /** @throws ObjectDoesNotExist */
  async getByNaturalKey(name: string): Promise<U> {
    if (canBeUsername(name)) return this.get({ [this.#class.usernameField]: name })
    throw new ObjectDoesNotExist(`${this.#class.name} matching query does not exist.`)
  }

  async findById(text: string): Promise<U | null> {
    if (!/^\d{1,10}$/.test(text) || Number(text) > LARGEST_ID) return null
    return this.first({ id: Number(text) })
  }

  async findByEmail(email: string): Promise<U[]> {
    const field = this.#class.emailField
    const column = this.model.fields[field]?.column
    if (column === undefined || isLongerThan(email, MAX_EMAIL_LENGTH) || email.includes('\0')) return []
    const rows = (await this.rows()
      .whereRaw('lower(??) = ?', [column, email.toLowerCase()])
      .where({ is_active: true })) as unknown[]
    return this.load(rows).filter((user) => folded(String(user[field as keyof U])) === folded(email))
  }

  /**
   * @param password null for an unusable password
   * @throws DuplicateUserError if the username or another unique value is taken
   * @throws ValidationError if a value is too long, or if the name or the email address contains a null character
   */
  createUser(name: string, email?: string | null, password?: string | null, extra: Values = {}): Promise<U> {
    return this.#createUser(name, email, password, { isStaff: false, isSuperuser: false, ...extra })
  }

  /** As `createUser`. @throws TypeError if `extra` sets isStaff or isSuperuser to anything but true */
  async createSuperuser(name: string, email?: string | null, password?: string | null, extra: Values = {}): Promise<U> {
    const values: Values = { isStaff: true, isSuperuser: true, ...extra }
    for (const flag of ['isStaff', 'isSuperuser']) {
      if (values[flag] !== true) throw new TypeError(`A superuser must have ${flag} = true.`)
    }
    return this.#createUser(name, email, password, values)
  }

  async #createUser(
    name: string,
    email: string | null | undefined,
    password: string | null | undefined,
    extra: Values,
  ): Promise<U> {
    if (name === '') throw new TypeError('The given username must be set.')
    checkString(email ?? '', MAX_EMAIL_LENGTH)
    refuseLongPassword(password ?? '')
    // NFKC maps compatibility characters to one form, against lookalike names. It can make the name longer.
    const username = normalizeUsername(name)
    checkString(username, MAX_USERNAME_LENGTH)
    const { usernameField, emailField } = this.#class
    const values: Record<string, unknown> = { ...extra, [emailField]: normalizeEmail(email) }
    values[usernameField] = username
    values.password = await makePassword(password ?? null)
    try {
      return await this.create(values)
    } catch (error) {
      if (!isTooLong(error)) throw error
      throw new ValidationError('A value is longer than its column in the database.', { cause: error })
    }
  }
}

const managers = new WeakMap<object, UserManager<never>>()

/** The manager of a user class. */
export function managerOf<U extends UserModel>(model: ModelClass<U>): UserManager<U> {
  let manager = managers.get(model) as UserManager<U> | undefined
  if (manager === undefined) {
    manager = new UserManager(model)
    managers.set(model, manager as unknown as UserManager<never>)
  }
  return manager
}

altersData(UserManager.prototype, ['createUser', 'createSuperuser'])

// The error for a username, or another unique value, that is taken.

/** Another user has this value. A ValidationError, so that forms show its message. */
export class DuplicateUserError extends ValidationError {
  override readonly name = 'DuplicateUserError'
  /** The property, such as `username`. */
  readonly field: string

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.field = field
  }
}

/** The property whose column a unique key is on. If two match, the longer column name, which contains the other. */
function fieldOf(key: string, { fields }: ModelClass): string | undefined {
  const words = `_${key.toLowerCase().replace(/[^a-z0-9]+/g, '_')}_`
  return Object.entries(fields)
    .toSorted(([, a], [, b]) => b.column.length - a.column.length)
    .find(([name, { column }]) => name !== 'id' && words.includes(`_${column.toLowerCase()}_`))?.[0]
}

/** Converts a unique violation to a DuplicateUserError and returns other errors unchanged. */
export function asDuplicate(error: unknown, model: ModelClass & Pick<UserClass, 'usernameField'>): unknown {
  const key = violatedKey(error)
  const field = key === undefined ? undefined : fieldOf(key, model)
  if (field === undefined) return error
  const message =
    field === model.usernameField
      ? `A user with that ${spelledOut(field)} already exists.`
      : `User with this ${spelledOut(field)} already exists.`
  return new DuplicateUserError(field, message, { cause: error })
}
