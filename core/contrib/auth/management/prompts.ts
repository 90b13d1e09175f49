/** What the user commands ask at the terminal: secret input, new passwords, valid user names. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Terminal } from '#core/management'
import { spelledOut, validatePassword, ValidationError } from '../password_validation.ts'
import { userInfo } from 'node:os'
import { lengthProblem, type UserClass } from '../types.ts'

// Prompts at the terminal. Secret input is not echoed.

export interface Prompter {
  /** Whether anybody is there to answer. */
  readonly isInteractive: boolean
  ask(question: string): Promise<string>
  askSecret(question: string): Promise<string>
}

/** The terminal was closed, or Ctrl-C pressed. */
export class PromptCancelled extends Error {
  override readonly name = 'PromptCancelled'
}

function answerTo(question: string, isSecret: boolean): Promise<string> {
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
  ask: (question) => answerTo(question, false),
  askSecret: (question) => answerTo(question, true),
}

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

// What commands have to know of names: whether one will do, and whose name this process runs under.

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

/** The name of the operating system's user, if it is a valid user name that is not taken. */
export async function defaultUsername({ objects }: UserClass, alias: string): Promise<string> {
  const name = systemUsername().normalize('NFKD').replace(/[^\w]/g, '').toLowerCase()
  if (problemOfName(name) !== undefined) return ''
  return (await objects.using(alias).findByNaturalKey(name)) === null ? name : ''
}
