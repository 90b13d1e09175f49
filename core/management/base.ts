/** The base class of commands: one line of help, arguments, and `handle()`, which writes to a given terminal. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Command as ArgumentParser } from 'commander'

export type { ArgumentParser }

/** A command that cannot do what was asked. Printed as `CommandError: …`, exit code 1 unless it names another. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
  readonly exitCode: number

  constructor(message: string, { exitCode = 1, ...options }: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** A system check found an error. The message is the whole report, printed as it is. */
export class SystemCheckError extends CommandError {
  override readonly name = 'SystemCheckError'
}

/** For an option that may be given several times: `parser.option('-t, --tag <tag>', '…', appended, [])`. */
export const appended = (value: string, before: readonly string[]): string[] => [...before, value]

/** Where a command writes; a test gives it one that listens. */
export interface Terminal {
  /** Writes a string and, by default, a line end, as Django's `self.stdout.write` does. */
  write(text?: string, ending?: string): void
}

export type Paint = (text: string) => string

/** Django's roles of coloured text; every one is the identity where colour is off. */
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

/** What a command talks through. */
export interface CommandIo {
  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly style: Style
}

/** Options that every command has. */
export interface CommonOptions {
  /** 0 to 3. */
  readonly verbosity: number
  readonly traceback?: boolean
  readonly skipChecks?: boolean
}

/**
 * Base of all commands. A command is the default export of `management/commands/<name>.ts` in an app or in core.
 * Positional arguments and options reach `handle()` in one object, in camelCase: `app_label` as `appLabel`.
 */
export abstract class BaseCommand<Options extends object = object> {
  /** One line that says what the command does. */
  abstract readonly help: string
  /** Whether settings and apps are loaded first. */
  readonly requiresSetup: boolean = true
  /** What to say where a command that needs words is given none; without it, which words are missing. */
  readonly missingArgsMessage: string | undefined = undefined
  /** Which checks must pass first: all, those of some tags, or none. */
  readonly requiresSystemChecks: boolean | readonly string[] = true

  readonly stdout: Terminal
  readonly stderr: Terminal
  readonly style: Style

  constructor(io: CommandIo) {
    this.stdout = io.stdout
    this.stderr = io.stderr
    this.style = io.style
  }

  /** Declares arguments (`parser.argument('[app_label]', 'what it is')`) and options (`parser.option('--fake', '…')`). */
  addArguments(_parser: ArgumentParser): void {}

  /** Does the work. @throws CommandError with a sentence for the user */
  abstract handle(options: Options & CommonOptions): Promise<void> | void
}

/** In the source and in the built package, package.json is next to the directory `core`. */
const PACKAGE = path.join(import.meta.dirname, '..', '..', 'package.json')

export function nuagesVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version
}
