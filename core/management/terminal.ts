/** Terminals: streams and their recording, questions, colours, Ctrl-C, and other programs in the foreground. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { clock, writeText } from '#core/utils'
import { CommandError, type Paint, type Style, type Terminal } from './base.ts'

/** A terminal over anything that takes text. A text that ends with the ending is not given another. */
export function terminalOver(write: (text: string) => void): Terminal {
  return {
    write(text = '', ending = '\n') {
      write(ending !== '' && text.endsWith(ending) ? text : text + ending)
    },
  }
}

/** Standard output and error of the process. Each write looks the stream up, so that a test can replace it. */
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

// Asks a question at the terminal, and waits for the answer.

/**
 * The answer; empty without a terminal.
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

// Django's dark palette, and when a stream is coloured with it.

const paint =
  (...codes: readonly number[]): Paint =>
  (text) =>
    text === '' ? text : `\u001b[${codes.join(';')}m${text}\u001b[0m`

const plain: Paint = (text) => text

const [BOLD, RED, GREEN, YELLOW, MAGENTA, CYAN] = [1, 31, 32, 33, 35, 36]

/** The style of a coloured terminal. */
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

/** The style of everything that is not a terminal: every role is the text itself. */
export const noStyle = Object.fromEntries(Object.keys(colorStyle).map((role) => [role, plain])) as unknown as Style

export interface ColorChoice {
  readonly noColor?: boolean | undefined
  readonly forceColor?: boolean | undefined
}

/** Colour is for terminals, unless an option or NO_COLOR (see no-color.org) says otherwise. */
export function styleFor(stream: { isTTY?: boolean }, { noColor, forceColor }: ColorChoice = {}): Style {
  if (forceColor) return colorStyle
  if (noColor || process.env.NO_COLOR) return noStyle
  return stream.isTTY ? colorStyle : noStyle
}

// Runs another program in this terminal: it reads, writes and is interrupted there as though it had been called itself.

/** What a shell adds to the number of the signal that ended a program. */
const SIGNALLED = 128

export interface ForegroundOptions {
  /** The folder to run in; the current one where absent. */
  readonly cwd?: string
  /** Variables in addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The program's exit code, as in a shell.
 * @throws the system's error where the program cannot be started: ENOENT where there is none
 */
export async function runInForeground(
  program: string,
  args: readonly string[],
  { cwd, env }: ForegroundOptions = {},
): Promise<number> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' })
  // Ctrl-C reaches the program too, and what it means is the program's to say: psql stops a query, and goes on.
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

/** npm and a terminal both pass one Ctrl-C on, so that it arrives twice within this many milliseconds. */
const SAME_KEYSTROKE = 200

/** Calls `first` at the first signal and `again` at every later one. The function returned stops listening. */
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
