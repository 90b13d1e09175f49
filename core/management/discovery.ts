/** Which commands there are and in which file each lies; no command's file is imported before the command is run. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { didYouMean } from '#core/utils'
import { BaseCommand, CommandError, type CommandIo } from './base.ts'
import type { AppFolder, Project } from './project.ts'

export interface FoundCommand {
  readonly name: string
  /** Label of the app that has it, `core` for the framework's own. */
  readonly app: string
  readonly file: string
}

export interface FoundCommands {
  readonly commands: ReadonlyMap<string, FoundCommand>
  /** Why the apps' commands could not be looked for. */
  readonly problem?: unknown
  /** Names of commands that there would be in a project. */
  readonly elsewhere?: ReadonlySet<string>
}

/** Core's commands that need no project. */
const WITHOUT_PROJECT = new Set(['help', 'startproject', 'version'])

function commandsIn(app: string, folder: string): FoundCommand[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((entry) => {
    const name = /^([a-z]\w*)\.(?:ts|js|mjs)$/i.exec(entry)?.[1]
    return name === undefined ? [] : [{ name, app, file: path.join(folder, entry) }]
  })
}

/** Core's commands and over them those of the apps, where an app that is installed earlier wins. */
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

/** The command of a name, or an error that says which one was probably meant. */
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

/** There is no command of the name. Printed as it is, without the word CommandError. */
export class UnknownCommand extends CommandError {
  override readonly name = 'UnknownCommand'
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

type CommandClass = new (io: CommandIo) => BaseCommand

function isCommandClass(value: unknown): value is CommandClass {
  return typeof value === 'function' && value.prototype instanceof BaseCommand
}

/** Imports the command's file. @throws CommandError when its default export is no command */
export async function loadCommand(found: FoundCommand, io: CommandIo): Promise<BaseCommand> {
  const module = (await import(pathToFileURL(found.file).href)) as { default?: unknown }
  if (!isCommandClass(module.default)) {
    throw new CommandError(
      `${found.file} should have a class that extends BaseCommand (of #core/management) as its default export.`,
    )
  }
  return new module.default(io)
}
