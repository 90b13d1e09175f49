/** The base class of commands, its errors, and the interfaces of terminals and styles. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Command as ArgumentParser } from 'commander'

export type { ArgumentParser }

/** A command failed for a reason the user can fix. Printed as `CommandError: …`; the exit code is 1 by default. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
  readonly exitCode: number

  constructor(message: string, { exitCode = 1, ...options }: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** A system check found an error. The message is the complete report, which is printed unchanged. */
export class SystemCheckError extends CommandError {
  override readonly name = 'SystemCheckError'
}

/** Collects an option that may be repeated: `parser.option('-t, --tag <tag>', '…', appended, [])`. */
export const appended = (value: string, before: readonly string[]): string[] => [...before, value]

/** The output of a command. Tests pass a `ListeningTerminal`. */
export interface Terminal {
  /** Writes a string and, by default, a newline, as Django's `self.stdout.write` does. */
  write(text?: string, ending?: string): void
}

export type Paint = (text: string) => string

/** Django's colour roles. Without colours, each is the identity function. */
export interface Style {
  readonly SUCCESS: Paint
  readonly WARNING: Paint
  readonly ERROR: Paint
  readonly NOTICE: Paint
  readonly MIGRATE_HEADING: Paint
  readonly MIGRATE_LABEL: Paint
  readonly SQL_KEYWORD: Paint
  readonly HTTP_INFO: Paint
  readonly HTTP_SUCCESS: Paint
  readonly HTTP_REDIRECT: Paint
  readonly HTTP_NOT_MODIFIED: Paint
  readonly HTTP_BAD_REQUEST: Paint
  readonly HTTP_NOT_FOUND: Paint
  readonly HTTP_SERVER_ERROR: Paint
}

/** The output streams and the style of a command. */
export interface CommandIo {
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly style: Style
}

/** Options of every command. */
export interface CommonOptions {
  /** From 0 to 3. */
  readonly verbosity: number
  readonly traceback?: boolean
  readonly skipChecks?: boolean
}

/**
 * Base of all commands. A command is the default export of `management/commands/<name>.ts` in an app or in core.
 * Positional arguments and options reach `handle()` in one object, in camelCase: `app_label` as `appLabel`.
 */
export abstract class BaseCommand<Options extends object = object> {
  /** A description in one line. */
  abstract readonly help: string
  /** Whether settings and apps are loaded before `handle()`. */
  readonly requiresSetup: boolean = true
  /** The error message if no arguments are given. By default, the message lists the missing arguments. */
  readonly missingArgsMessage: string | undefined = undefined
  /** Which checks must pass before `handle()`: all, those with some tags, or none. */
  readonly requiresSystemChecks: boolean | readonly string[] = true

  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly style: Style

  constructor(io: CommandIo) {
    this.stdout = io.stdout
    this.stderr = io.stderr
    this.style = io.style
  }

  /** Declares arguments (`parser.argument('[app_label]', '…')`) and options (`parser.option('--fake', '…')`). */
  addArguments(_parser: ArgumentParser): void {}

  /** Runs the command. @throws CommandError with a message for the user */
  abstract handle(options: Options & CommonOptions): Promise<void> | void
}

/** In the source and in the built package, package.json is next to the directory `core`. */
const PACKAGE = path.join(import.meta.dirname, '..', '..', 'package.json')

export function nuagesVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version
}
