/** Asks twice for a new password, until both are the same and the validators have no objection. */
import type { Terminal } from '#core/management'
import { validatePassword, ValidationError } from '../password_validation.ts'
import type { Prompter } from '../prompter.ts'

/** What the validators say of a password; nothing when it will do. */
export async function objectionsTo(password: string, user: object | null): Promise<readonly string[]> {
  try {
    await validatePassword(password, user)
    return []
  } catch (error) {
    if (error instanceof ValidationError) return error.messages
    throw error
  }
}

/** The password typed twice, or undefined when the two differ or are empty, which is said. */
async function typedTwice(prompter: Prompter, stderr: Terminal): Promise<string | undefined> {
  const first = await prompter.askSecret('Password: ')
  const second = await prompter.askSecret('Password (again): ')
  if (first !== second) {
    stderr.write("Error: Your passwords didn't match.")
    return undefined
  }
  if (first.trim() === '') {
    stderr.write("Error: Blank passwords aren't allowed.")
    return undefined
  }
  return first
}

/** @param user what is known of whose password it is to be */
export async function askNewPassword(prompter: Prompter, stderr: Terminal, user: object): Promise<string> {
  for (;;) {
    const password = await typedTwice(prompter, stderr)
    if (password === undefined) continue
    const objections = await objectionsTo(password, user)
    if (objections.length === 0) return password
    stderr.write(objections.join('\n'))
    const answer = await prompter.ask('Bypass password validation and create user anyway? [y/N]: ')
    if (answer.trim().toLowerCase() === 'y') return password
  }
}
