/** Finds the commands of core and of the apps. A command's file is imported only when the command is loaded. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { didYouMean } from '#core/utils'
import { BaseCommand, CommandError, type CommandIo } from './base.ts'
import type { AppFolder, Project } from './project.ts'

export interface FoundCommand {
  readonly name: string
  /** Label of its app; `core` for the commands of the framework. */
  readonly app: string
  readonly file: string
}

export interface FoundCommands {
  readonly commands: ReadonlyMap<string, FoundCommand>
  /** The error that prevented listing the commands of the apps. */
  readonly problem?: unknown
  /** Names of the commands that are available only in a project. */
  readonly elsewhere?: ReadonlySet<string>
}

/** Commands that work without a project. */
const WITHOUT_PROJECT = new Set(['help', 'startproject', 'version'])

function commandsIn(app: string, folder: string): FoundCommand[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((entry) => {
    const name = /^([a-z]\w*)\.(?:ts|js|mjs)$/i.exec(entry)?.[1]
    return name === undefined ? [] : [{ name, app, file: path.join(folder, entry) }]
  })
}

/** Commands of apps override those of core; the command of an earlier app overrides that of a later one. */
export async function findCommands(
  project: Pick<Project, 'appFolders'> & Partial<Pick<Project, 'outside'>>,
): Promise<FoundCommands> {
  const core = commandsIn('core', path.join(import.meta.dirname, 'commands'))
  if (project.outside) return outsideOf(core)
  let apps: AppFolder[] = []
  let problem: { problem?: unknown } = {}
  try {
    apps = await project.appFolders()
  } catch (error) {
    problem = { problem: error }
  }
  const ofApps = apps
    .toReversed()
    .flatMap((app) => commandsIn(app.label, path.join(app.folder, 'management', 'commands')))
  return { commands: new Map([...core, ...ofApps].map((command) => [command.name, command])), ...problem }
}

function outsideOf(core: readonly FoundCommand[]): FoundCommands {
  const here = core.filter(({ name }) => WITHOUT_PROJECT.has(name))
  const names = core.map(({ name }) => name)
  return { commands: new Map(here.map((command) => [command.name, command])), elsewhere: new Set(names) }
}

/** Returns the command with a name. @throws UnknownCommand with a suggestion if a similar name exists */
export function commandNamed(
  name: string,
  { commands, problem, elsewhere }: FoundCommands,
  prog: string,
): FoundCommand {
  const found = commands.get(name)
  if (found !== undefined) return found
  if (elsewhere?.has(name)) {
    throw new UnknownCommand(`'${name}' runs in a project: ./manage.ts ${name}\nType '${prog} help' for usage.`)
  }
  const near = /'(.*)'/.exec(didYouMean(name, commands.keys()))?.[1]
  const hint = near === undefined ? '' : `. Did you mean ${near}?`
  const note =
    problem === undefined
      ? ''
      : `\nOnly core's commands are known, as the settings cannot be read: ${messageOf(problem)}`
  throw new UnknownCommand(`Unknown command: '${name}'${hint}\nType '${prog} help' for usage.${note}`)
}

/** No command has this name. The message is printed without the prefix `CommandError:`. */
export class UnknownCommand extends CommandError {
  override readonly name = 'UnknownCommand'
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

type CommandClass = new (io: CommandIo) => BaseCommand

function isCommandClass(value: unknown): value is CommandClass {
  return typeof value === 'function' && value.prototype instanceof BaseCommand
}

/** Imports a command's file. @throws CommandError if its default export does not extend BaseCommand */
export async function loadCommand(found: FoundCommand, io: CommandIo): Promise<BaseCommand> {
  const module = (await import(pathToFileURL(found.file).href)) as { default?: unknown }
  if (!isCommandClass(module.default)) {
    throw new CommandError(
      `${found.file} should have a class that extends BaseCommand (of #core/management) as its default export.`,
    )
  }
  return new module.default(io)
}
