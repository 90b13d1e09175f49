/** The error for a user whose name, or another unique value, is taken. */
import { violatedKey } from '#core/db'
import { spelledOut, ValidationError } from '../password_validation.ts'
import type { UserClass } from '../contract.ts'
import type { ModelClass } from './model.ts'

/** Another user has this value. It is a ValidationError, so that a form shows its message. */
export class DuplicateUserError extends ValidationError {
  override readonly name = 'DuplicateUserError'
  /** The property with the value: `username`. */
  readonly field: string

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.field = field
  }
}

/** The property whose column a key is about. If two match, the longer one is meant: the name of its index contains both. */
function fieldOf(key: string, { fields }: ModelClass): string | undefined {
  const words = `_${key.toLowerCase().replace(/[^a-z0-9]+/g, '_')}_`
  return Object.entries(fields)
    .toSorted(([, a], [, b]) => b.column.length - a.column.length)
    .find(([name, { column }]) => name !== 'id' && words.includes(`_${column.toLowerCase()}_`))?.[0]
}

/** Turns a database's unique violation into a DuplicateUserError; returns other errors as they are. */
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
