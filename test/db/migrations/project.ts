/** A project in a temporary directory whose apps have the migrations that a test writes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppConfig, apps } from '#core/apps'
import { projectRoot, settings } from '#core/conf'
import { type BaseCommand, type CommandIo, ListeningTerminal, noStyle } from '#core/management'

/** Sources of migrations by app, then by name. */
export type Migrations = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface TestProject {
  readonly folder: string
  readonly configs: readonly AppConfig[]
  /** Installs these apps, and core's sessions if wanted, instead of the current ones. */
  install(...others: string[]): Promise<void>
  remove(): void
}

/** A migration that creates a table, and its reversal. */
export const creating = (table: string, dependencies: readonly (readonly [string, string])[] = []): string => `
export const dependencies = ${JSON.stringify(dependencies)}
export const operations = ['Create table ${table}']
export const up = (db) => db.schema.createTable('${table}', (t) => { t.integer('id').primary() })
export const down = (db) => db.schema.dropTable('${table}')
`

export function projectWith(migrations: Migrations): TestProject {
  // Modules are cached by path, so every project has its own directory.
  const folder = mkdtempSync(path.join(tmpdir(), 'nuages-migrations-'))
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
  const labels = Object.keys(migrations)
  for (const [label, files] of Object.entries(migrations)) {
    const app = path.join(folder, 'apps', label)
    mkdirSync(app, { recursive: true })
    if (Object.keys(files).length > 0) mkdirSync(path.join(app, 'migrations'))
    for (const [name, source] of Object.entries(files)) {
      writeFileSync(path.join(app, 'migrations', name.includes('.') ? name : `${name}.ts`), source)
    }
  }
  return {
    folder,
    configs: labels.map((label) => new AppConfig(`apps.${label}`, path.join(folder, 'apps', label))),
    install: (...others) => apps.populate([...others, ...labels.map((label) => `apps.${label}`)], folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Restores the apps of settings.ts. */
export const restoreApps = (): Promise<void> => apps.populate(settings.INSTALLED_APPS, projectRoot())

export interface MigrationResult {
  readonly stdout: string
  readonly stderr: string
  readonly error: unknown
}

/** Runs a command with captured output. */
export async function outcomeOf<O extends object>(
  Command: new (io: CommandIo) => BaseCommand<O>,
  options: O,
  verbosity = 1,
): Promise<MigrationResult> {
  const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
  const command = new Command({ stdout, stderr, style: noStyle })
  let error: unknown
  try {
    await command.handle({ ...options, verbosity })
  } catch (thrown) {
    error = thrown
  }
  return { stdout: stdout.text, stderr: stderr.text, error }
}
