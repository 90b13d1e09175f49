/** makemigrations: writes new, empty migration files. There are no models to derive operations from. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { loadMigrations, type Migration, type MigrationGraph, migrationsFolder, readableFile } from '#core/db'
import { clock } from '#core/utils'
import { type ArgumentParser, BaseCommand, CommandError, type CommonOptions } from '../base.ts'
import { appWithLabel, refuseConflicts, refuseUnknownApps } from '../migrations.ts'

interface Options {
  readonly appLabel?: readonly string[]
  readonly empty?: boolean
  readonly merge?: boolean
  readonly name?: string
  readonly dryRun?: boolean
  readonly check?: boolean
  readonly header?: boolean
  readonly scriptable?: boolean
}

interface NewMigration {
  readonly app: string
  readonly file: string
  readonly text: string
}

/** If the joined names of merged migrations are longer than this, the date is used instead. */
const LONGEST_MERGE = 47

/** For example `20261121_0711`, Django's suffix for migrations without a name. */
const timestamp = (): string =>
  new Date(clock.now()).toISOString().slice(0, 16).replaceAll('-', '').replace('T', '_').replace(':', '')

const numberOf = ({ name }: Migration): number => Number(/^\d+/.exec(name)?.[0] ?? 0)

/** The next four-digit number and a name. The first migration of an app is `0001_initial` by default. */
function nextName(before: readonly Migration[], name: string | undefined, otherwise: string): string {
  const number = Math.max(0, ...before.map(numberOf)) + 1
  return `${String(number).padStart(4, '0')}_${name ?? (before.length === 0 ? 'initial' : otherwise)}`
}

function template(app: string, dependencies: readonly Migration[], header: boolean): string {
  const pairs = dependencies.map((each) => `['${each.app}', '${each.name}']`).join(', ')
  return `${header ? `/** A migration of ${app}. Say here, in a sentence, what it is for. */\n` : ''}\
import type { MigrationDependency, MigrationEditor } from '#core/db'

export const dependencies: MigrationDependency[] = [${pairs}]

/** What it does, for people: \`./manage.ts migrate --plan\` shows it. */
export const operations: string[] = []

export async function up(db: MigrationEditor): Promise<void> {
  await db.schema // .createTable('${app}_example', (table) => { table.bigIncrements(); table.string('name', 100).notNullable() })
}

export async function down(db: MigrationEditor): Promise<void> {
  await db.schema // .dropTable('${app}_example')
}
`
}

export default class Command extends BaseCommand<Options> {
  readonly help = 'Creates new migration(s) for apps.'

  override addArguments(parser: ArgumentParser): void {
    parser
      .argument('[app_label...]', 'Labels of the apps to create migrations for.')
      .option('--empty', 'Creates a migration to be filled in.')
      .option('-n, --name <name>', 'What to call it, after its number.')
      .option('--merge', 'Joins migrations of an app that end in more than one place.')
      .option('--dry-run', 'Shows what would be written; with -v 3, its text too.')
      .option('--check', 'Exits with code 1 if migrations are missing; there are no models, so none ever are.')
      .option('--noinput', 'Asks nothing; it never does.')
      .option('--no-input', 'The same.')
      .option('--no-header', 'Leaves the comment at the top of the file out.')
      .option('--scriptable', 'Only the paths of the new files on stdout, the rest on stderr.')
  }

  async handle(options: Options & CommonOptions): Promise<void> {
    const { appLabel: labels = [], name } = options
    if (name !== undefined && !/^[A-Za-z_]\w*$/.test(name)) {
      throw new CommandError('The migration name must be a valid identifier: letters, digits and _, no digit first.')
    }
    refuseUnknownApps(labels, this.stderr)
    const graph = await loadMigrations()
    const conflicts = new Map([...graph.conflicts()].filter(([app]) => labels.length === 0 || labels.includes(app)))
    if (options.merge) return this.#merge(graph, [...conflicts.keys()], options)
    refuseConflicts(conflicts)
    if (!options.empty) return this.#sayNothingChanged(labels, options)
    if (labels.length === 0) throw new CommandError('You must supply at least one app label when using --empty.')
    for (const app of new Set(labels)) {
      this.#write(this.#new(app, graph, nextName(graph.of(app), name, `auto_${timestamp()}`), options), options)
    }
  }

  #merge(graph: MigrationGraph, apps: readonly string[], options: Options & CommonOptions): void {
    if (apps.length === 0) this.#log('No conflicts detected to merge.', options)
    for (const app of apps) {
      const merged = `merge_${graph
        .leaves(app)
        .map((leaf) => leaf.name)
        .join('_')}`
      const otherwise = merged.length > LONGEST_MERGE ? `merge_${timestamp()}` : merged
      this.#write(this.#new(app, graph, nextName(graph.of(app), options.name, otherwise), options), options)
    }
  }

  #sayNothingChanged(labels: readonly string[], options: Options & CommonOptions): void {
    const where = labels.length === 0 ? '' : ` in app${labels.length === 1 ? '' : 's'} '${labels.join("', '")}'`
    if (options.verbosity >= 1) this.#log(`No changes detected${where}`, options)
  }

  #new(app: string, graph: MigrationGraph, name: string, { header = true }: Options): NewMigration {
    const file = path.join(migrationsFolder(appWithLabel(app)), `${name}.ts`)
    return { app, file, text: template(app, graph.leaves(app), header) }
  }

  #write({ app, file, text }: NewMigration, options: Options & CommonOptions): void {
    const { verbosity, dryRun, scriptable } = options
    if (verbosity >= 1) {
      this.#log(this.style.MIGRATE_HEADING(`Migrations for '${app}':`), options)
      this.#log(`  ${this.style.MIGRATE_LABEL(readableFile(file))}`, options)
    }
    if (scriptable) this.stdout.write(readableFile(file))
    if (!dryRun) {
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, text, { flag: 'wx' })
    } else if (verbosity >= 3) {
      this.#log(this.style.MIGRATE_HEADING(`Full migrations file '${path.basename(file)}':`), options)
      this.#log(text, options)
    }
  }

  #log(text: string, { scriptable }: Options): void {
    const terminal = scriptable ? this.stderr : this.stdout
    terminal.write(text)
  }
}
