/** Terminal prompts of the user commands: secret input, new passwords, valid usernames. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Terminal } from '#core/management'
import { spelledOut, validatePassword, ValidationError } from '../password_validation.ts'
import { userInfo } from 'node:os'
import { lengthProblem, type UserClass } from '../types.ts'

// Prompts at the terminal. Secret input is not echoed.

export interface Prompter {
  /** Whether input comes from a terminal. */
  readonly isInteractive: boolean
  ask(question: string): Promise<string>
  askSecret(question: string): Promise<string>
}

/** The terminal was closed, or the user pressed Ctrl-C. */
export class PromptCancelled extends Error {
  override readonly name = 'PromptCancelled'
}

function readAnswer(question: string, isSecret: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const output = isSecret ? silent : process.stdout
  if (isSecret) process.stdout.write(question)
  const reader = createInterface({ input: process.stdin, output, terminal: true })
  return new Promise((resolve, reject) => {
    let isAnswered = false
    reader.once('close', () => {
      if (isSecret) process.stdout.write('\n')
      if (!isAnswered) reject(new PromptCancelled())
    })
    reader.question(isSecret ? '' : question, (answer) => {
      isAnswered = true
      reader.close()
      resolve(answer)
    })
  })
}

/** The terminal of this process. */
export const terminal: Prompter = {
  get isInteractive() {
    return process.stdin.isTTY
  },
  ask: (question) => readAnswer(question, false),
  askSecret: (question) => readAnswer(question, true),
}

/** The error messages of the password validators; empty for a valid password. */
export async function objectionsTo(password: string, user: object | null): Promise<readonly string[]> {
  try {
    await validatePassword(password, user)
    return []
  } catch (error) {
    if (error instanceof ValidationError) return error.messages
    throw error
  }
}

/** Asks for a password twice. Reports an error and returns undefined if the two differ or are blank. */
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

/** @param user the user's known attributes, for validators that compare the password with them */
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

// Validation of usernames and email addresses, and the default username.

const MAX_LENGTH = 150

/** The error message for an invalid username; undefined if it is valid. */
export function problemOfName(name: string): string | undefined {
  if (name === '') return 'This field cannot be blank.'
  const tooLong = lengthProblem(name, MAX_LENGTH)
  if (tooLong !== undefined) return tooLong
  if (!/^[\p{L}\p{M}\p{N}_.@+-]+$/u.test(name)) {
    return 'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.'
  }
  return undefined
}

export function problemOfEmail(email: string): string | undefined {
  return email === '' || /^[^\s@]+@[^\s@]+$/.test(email) ? undefined : 'Enter a valid email address.'
}

/** The label of a property in prompts: `First name` for `firstName`. */
export function labelOf(field: string): string {
  if (field === 'email') return 'Email address'
  const words = spelledOut(field)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The name of the operating system's user; empty if it is unknown. */
export function systemUsername(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

/** The name of the operating system's user if it is a valid username that is not taken; otherwise empty. */
export async function defaultUsername({ objects }: UserClass, alias: string): Promise<string> {
  const name = systemUsername().normalize('NFKD').replace(/[^\w]/g, '').toLowerCase()
  if (problemOfName(name) !== undefined) return ''
  return (await objects.using(alias).findByNaturalKey(name)) === null ? name : ''
}
