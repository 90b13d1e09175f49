/** Asks whoever sits at the terminal; what is secret is not shown while it is typed. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

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
