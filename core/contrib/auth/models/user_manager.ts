/** `User.objects`: finds users, and makes new ones with their password hashed. */
import { makePassword } from '../hashers/passwords.ts'
import type { AuthUser, UserClass, UserObjects, Values } from '../contract.ts'
import { Manager } from './manager.ts'
import type { Model, ModelClass } from './model.ts'

type UserModel = Model & AuthUser

/** Two texts that a database holds for the same may still be different people's. */
const folded = (text: string): string => text.normalize('NFKC').toLowerCase()

/** Largest id of a 32-bit column; PostgreSQL refuses to compare with a larger one. */
const LARGEST_ID = 2 ** 31 - 1

/** An address with its domain, which has no case, in lower case. */
export function normalizeEmail(email: string | null | undefined): string {
  const at = email?.lastIndexOf('@') ?? -1
  if (email === null || email === undefined) return ''
  return at < 0 ? email : `${email.slice(0, at)}@${email.slice(at + 1).toLowerCase()}`
}

export class UserManager<U extends UserModel> extends Manager<U> implements UserObjects<U> {
  get #class(): UserClass<U> {
    return this.model as unknown as UserClass<U>
  }

  normalizeEmail(email: string | null | undefined): string {
    return normalizeEmail(email)
  }

  findByNaturalKey(name: string): Promise<U | null> {
    return this.first({ [this.#class.usernameField]: name })
  }

  /** @throws ObjectDoesNotExist */
  getByNaturalKey(name: string): Promise<U> {
    return this.get({ [this.#class.usernameField]: name })
  }

  async findById(text: string): Promise<U | null> {
    if (!/^\d{1,10}$/.test(text) || Number(text) > LARGEST_ID) return null
    return this.first({ id: Number(text) })
  }

  async findByEmail(email: string): Promise<U[]> {
    const field = this.#class.emailField
    const column = this.model.fields[field]?.column
    if (column === undefined) return []
    const rows = (await this.rows()
      .whereRaw('lower(??) = ?', [column, email.toLowerCase()])
      .where({ is_active: true })) as unknown[]
    return this.load(rows).filter((user) => folded(String(user[field as keyof U])) === folded(email))
  }

  /** @param password null for a user who cannot log in with one */
  createUser(name: string, email?: string | null, password?: string | null, extra: Values = {}): Promise<U> {
    return this.#createUser(name, email, password, { isStaff: false, isSuperuser: false, ...extra })
  }

  /** @throws TypeError when the extra values would make it none */
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
    const { usernameField, emailField } = this.#class
    const values: Record<string, unknown> = { ...extra, [emailField]: normalizeEmail(email) }
    // Letters that look alike are made alike, so that nobody can take the name of another.
    values[usernameField] = name.normalize('NFKC')
    values.password = await makePassword(password ?? null)
    return this.create(values)
  }
}

const managers = new WeakMap<object, UserManager<never>>()

/** The manager of a class of users. */
export function managerOf<U extends UserModel>(model: ModelClass<U>): UserManager<U> {
  let manager = managers.get(model) as UserManager<U> | undefined
  if (manager === undefined) {
    manager = new UserManager(model)
    managers.set(model, manager as unknown as UserManager<never>)
  }
  return manager
}
