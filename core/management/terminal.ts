/** Terminals: the process's own streams, and one that keeps what it is told. */
import { writeText } from '../utils/log_text.ts'
import type { Terminal } from './base.ts'

/** A terminal over anything that takes text. A text that ends with the ending is not given another. */
export function terminalOver(write: (text: string) => void): Terminal {
  return {
    write(text = '', ending = '\n') {
      write(ending !== '' && text.endsWith(ending) ? text : text + ending)
    },
  }
}

/** The process's standard output and error. Each write asks for the stream anew, so that a test may replace it. */
export const processTerminals = {
  stdout: terminalOver((text) => writeText(process.stdout, text)),
  stderr: terminalOver((text) => writeText(process.stderr, text)),
}

/** A terminal that listens: `text` is all that was written to it. */
export class ListeningTerminal implements Terminal {
  text = ''
  readonly #inner = terminalOver((text) => {
    this.text += text
  })

  write(text?: string, ending?: string): void {
    this.#inner.write(text, ending)
  }
}
