/** Terminal input and output: streams, recording, questions, colours, stop signals, and foreground programs. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { clock, writeText } from '#core/utils'
import { CommandError, type Paint, type Style, type Terminal } from './base.ts'

/** A terminal that passes strings to `write`. The ending is not added to a string that already ends with it. */
export function terminalOver(write: (text: string) => void): Terminal {
  return {
    write(text = '', ending = '\n') {
      write(ending !== '' && text.endsWith(ending) ? text : text + ending)
    },
  }
}

/** Standard output and error of the process. The stream is looked up at each write, so that tests can replace it. */
export const processTerminals = {
  stdout: terminalOver((text) => writeText(process.stdout, text)),
  stderr: terminalOver((text) => writeText(process.stderr, text)),
}

/** Records the output: `text` is everything that was written. */
export class ListeningTerminal implements Terminal {
  text = ''
  readonly #inner = terminalOver((text) => {
    this.text += text
  })

  write(text?: string, ending?: string): void {
    this.#inner.write(text, ending)
  }
}

// Questions.

/**
 * Asks a question on the terminal.
 * @returns the answer; empty if the input is closed
 * @throws CommandError on Ctrl-C
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

// Colours: Django's dark palette.

const paint =
  (...codes: readonly number[]): Paint =>
  (text) =>
    text === '' ? text : `\u001b[${codes.join(';')}m${text}\u001b[0m`

const plain: Paint = (text) => text

const [BOLD, RED, GREEN, YELLOW, MAGENTA, CYAN] = [1, 31, 32, 33, 35, 36]

/** The style with colours. */
export const colorStyle: Style = {
  SUCCESS: paint(BOLD, GREEN),
  WARNING: paint(BOLD, YELLOW),
  ERROR: paint(BOLD, RED),
  NOTICE: paint(RED),
  MIGRATE_HEADING: paint(BOLD, CYAN),
  MIGRATE_LABEL: paint(BOLD),
  SQL_KEYWORD: paint(YELLOW),
  HTTP_INFO: paint(BOLD),
  HTTP_SUCCESS: plain,
  HTTP_REDIRECT: paint(GREEN),
  HTTP_NOT_MODIFIED: paint(CYAN),
  HTTP_BAD_REQUEST: paint(BOLD, RED),
  HTTP_NOT_FOUND: paint(YELLOW),
  HTTP_SERVER_ERROR: paint(BOLD, MAGENTA),
}

/** The style without colours: each role returns the string unchanged. */
export const noStyle = Object.fromEntries(Object.keys(colorStyle).map((role) => [role, plain])) as unknown as Style

export interface ColorChoice {
  readonly noColor?: boolean | undefined
  readonly forceColor?: boolean | undefined
}

/** Uses colours on a terminal, unless an option or NO_COLOR (https://no-color.org) says otherwise. */
export function styleFor(stream: { isTTY?: boolean }, { noColor, forceColor }: ColorChoice = {}): Style {
  if (forceColor) return colorStyle
  if (noColor || process.env.NO_COLOR) return noStyle
  return stream.isTTY ? colorStyle : noStyle
}

// Foreground programs share the terminal's input, output and signals.

/** A shell adds this to the number of the signal that ended a program. */
const SIGNALLED = 128

export interface ForegroundOptions {
  /** Working directory; by default, the current one. */
  readonly cwd?: string
  /** Environment variables to add to those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Runs a program in the foreground.
 * @returns its exit code, as in a shell
 * @throws the error of `spawn` if the program cannot be started, such as ENOENT if it does not exist
 */
export async function runInForeground(
  program: string,
  args: readonly string[],
  { cwd, env }: ForegroundOptions = {},
): Promise<number> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' })
  // Ctrl-C also reaches the program, which decides what to do: psql cancels a query and continues.
  const leaveToProgram = (): void => {}
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', leaveToProgram).on('SIGTERM', passOn).on('SIGHUP', passOn)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal]))
      })
    })
  } finally {
    process.off('SIGINT', leaveToProgram).off('SIGTERM', passOn).off('SIGHUP', passOn)
  }
}

/** npm and the terminal both deliver the same Ctrl-C, so it may arrive twice within this many milliseconds. */
const SAME_KEYSTROKE = 200

/** Calls `first` on the first SIGINT or SIGTERM, `again` on later ones. @returns a function that stops listening */
export function onStopSignal(first: () => void, again: () => void): () => void {
  let stoppedAt: number | undefined
  const listener = (): void => {
    const now = clock.now()
    if (stoppedAt === undefined) {
      stoppedAt = now
      first()
    } else if (now - stoppedAt > SAME_KEYSTROKE) again()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.removeListener(signal, listener)
  }
}
