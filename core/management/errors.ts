/** How an error that ends a command is printed: as one message if the user can fix it, with a stack trace if it is a bug. */
import path from 'node:path'
import { inspect } from 'node:util'
import { CORE } from '#core/utils'
import { CommandError, type Style, type Terminal } from './base.ts'
import { UnknownCommand } from './discovery.ts'

/** Errors by name whose message says all: where, what, what now. Names, because their rooms need not be loaded. */
const TOLD_BY_MESSAGE = new Set(['ImproperlyConfigured', 'LookupError', 'ServiceUnavailable', 'NoReverseMatch'])

/** The esbuild of tsx, and Node's own loader, say file and line in the message of a broken file. */
function isAboutAFile(error: Error & { code?: unknown }): boolean {
  if (error.name === 'TransformError' || error.message.startsWith('Transform failed')) return true
  return error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'ERR_PACKAGE_IMPORT_NOT_DEFINED'
}

/** Frames that the reader wrote: neither Node's, nor a package's, nor ours. */
function ownFrames(stack: string): string[] {
  const ours = [`${CORE}${path.sep}`, '/node_modules/', 'node:', '(<anonymous>)', '/manage.ts:']
  return stack.split('\n').filter((line) => /^ +at /.test(line) && !ours.some((part) => line.includes(part)))
}

/** A SyntaxError's stack begins with the file, the line and a caret; the message alone does not tell the place. */
function placeOf(stack: string): string {
  const place = stack.slice(0, Math.max(stack.indexOf('\nSyntaxError'), 0))
  return place === '' ? '' : `${place}\n`
}

function unexpected(error: Error): string {
  const stack = error.stack ?? ''
  const head = `${error.name}: ${error.message}`
  if (error instanceof SyntaxError) return `${placeOf(stack)}${head}`
  const frames = ownFrames(stack)
  return [head, ...frames, '(--traceback shows the whole stack.)'].join('\n')
}

/** What is printed of an error, without colour. */
export function describeError(error: unknown, { traceback = false } = {}): string {
  if (traceback) return inspect(error, { depth: 3 })
  if (!(error instanceof Error)) return `Error: ${inspect(error)}`
  if (error instanceof UnknownCommand) return error.message
  if (error instanceof CommandError) return `${error.name}: ${error.message}`
  if (TOLD_BY_MESSAGE.has(error.name) || isAboutAFile(error)) return `${error.name}: ${error.message}`
  return unexpected(error)
}

/** Prints the error that ended a command and gives the exit code. */
export function reportError(error: unknown, stderr: Terminal, style: Style, traceback: boolean): number {
  const code = error instanceof CommandError ? error.exitCode : 1
  // Some commands only answer yes or no.
  if (error instanceof CommandError && error.message === '' && !traceback) return code
  if (!traceback && isUsageError(error)) {
    stderr.write(`${error.usage}\n${error.prog}: error: ${error.message}`)
    return code
  }
  // A SystemCheckError has painted its parts itself.
  const painted = !traceback && error instanceof Error && error.name === 'SystemCheckError'
  stderr.write(painted ? error.message : style.ERROR(describeError(error, { traceback })))
  return code
}

/** By its shape: the parser, and commander with it, is loaded only when a command is. */
function isUsageError(error: unknown): error is CommandError & { usage: string; prog: string } {
  return error instanceof CommandError && error.name === 'UsageError'
}
