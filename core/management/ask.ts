/** Asks a question at the terminal, and waits for the answer. */
import { createInterface } from 'node:readline/promises'
import { CommandError } from './base.ts'

/**
 * The answer; empty where nobody is there to give one.
 * @throws CommandError at Ctrl-C
 */
export async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new CommandError('\nOperation cancelled.')))
      terminal.once('close', () => resolve(''))
      terminal.question(question).then(resolve, reject)
    })
  } finally {
    terminal.close()
  }
}
