/** Asks a question at the terminal, and waits for the answer. */
import { createInterface } from 'node:readline/promises'

/** The answer; empty where nobody is there to give one. */
export async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await new Promise((resolve) => {
      terminal.once('close', () => resolve(''))
      void terminal.question(question).then(resolve)
    })
  } finally {
    terminal.close()
  }
}
