/** What commands have to know of names: whether one will do, and whose name this process runs under. */
import { userInfo } from 'node:os'
import type { UserClass } from '../contract.ts'
import { lengthProblem } from '../limits.ts'
import { spelledOut } from '../password_validation.ts'

const LONGEST = 150

/** What is wrong with a name; undefined when nothing is. */
export function problemOfName(name: string): string | undefined {
  if (name === '') return 'This field cannot be blank.'
  const tooLong = lengthProblem(name, LONGEST)
  if (tooLong !== undefined) return tooLong
  if (!/^[\p{L}\p{M}\p{N}_.@+-]+$/u.test(name)) {
    return 'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
  }
  return undefined
}

export function problemOfEmail(email: string): string | undefined {
  return email === '' || /^[^\s@]+@[^\s@]+$/.test(email) ? undefined : 'Enter a valid email address.'
}

/** What a property is called in questions: `firstName` is `First name`. */
export function labelOf(field: string): string {
  if (field === 'email') return 'Email address'
  const words = spelledOut(field)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The name that this process's user has on the system; empty where it has none. */
export function systemUsername(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

/** The system's name, if it could be a user's and nobody has it. */
export async function defaultUsername({ objects }: UserClass, alias: string): Promise<string> {
  const name = systemUsername().normalize('NFKD').replace(/[^\w]/g, '').toLowerCase()
  if (problemOfName(name) !== undefined) return ''
  return (await objects.using(alias).findByNaturalKey(name)) === null ? name : ''
}
