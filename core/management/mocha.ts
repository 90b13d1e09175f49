/** Runs the mocha of the project: its configuration, and the files that test labels refer to. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { CommandError } from './base.ts'
import { runInForeground } from './terminal.ts'
import type { Project } from './project.ts'

/** Options in the format of a .mocharc. */
export type MochaOptions = Readonly<Record<string, unknown>>

export interface Mocha {
  /** Path of mocha's JavaScript program. */
  readonly program: string
  /** The options in the project's .mocharc and in `mocha` of its package.json. */
  readonly configured: MochaOptions
}

/** The module of mocha that reads configuration files in all formats. */
interface ConfigModule {
  findConfig(folder: string): string | null | undefined
  loadConfig(file: string): MochaOptions
}

/** Its path in different releases of mocha. */
const CONFIG_MODULES = ['mocha/lib/cli/config.cjs', 'mocha/lib/cli/config.js']

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}

function configuredIn(root: string, require: NodeJS.Require): MochaOptions {
  const reader = CONFIG_MODULES.map((name) => resolved(require, name)).find((file) => file !== undefined)
  if (reader === undefined) return {}
  const config = require(reader) as ConfigModule
  const file = config.findConfig(root)
  const ofPackage = path.join(root, 'package.json')
  const { mocha = {} } = existsSync(ofPackage) ? (require(ofPackage) as { mocha?: MochaOptions }) : {}
  return { ...mocha, ...(file ? config.loadConfig(file) : {}) }
}

/** @throws CommandError if mocha is not installed */
export function mochaOf(root: string): Mocha {
  const require = createRequire(path.join(root, 'package.json'))
  const manifest = resolved(require, 'mocha/package.json')
  if (manifest === undefined) {
    throw new CommandError(
      `The tests run with mocha, which is not installed in ${root}. Run: npm install --save-dev mocha chai`,
    )
  }
  const { bin } = require(manifest) as { bin: Record<string, string> }
  return {
    program: path.join(path.dirname(manifest), bin.mocha as string),
    configured: configuredIn(root, require),
  }
}

/** Default options, which the configuration overrides. */
export function usualOptions(): MochaOptions {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return {
    // Tests are TypeScript. Under tsx, `require` of an ES module would load its whole module graph twice.
    'node-option': [`import=${tsx}`, 'no-experimental-require-module'],
    // 1 for failed tests, and not 0 for a run that was interrupted by Ctrl-C.
    'posix-exit-codes': true,
  }
}

/**
 * Runs mocha. All options are passed in a temporary configuration file, because mocha would add files from its command
 * line to those of the project's .mocharc.
 * @returns the exit code
 */
export async function runMocha(program: string, options: MochaOptions, root: string): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nuages-mocha-'))
  try {
    const config = path.join(folder, 'mocharc.json')
    writeFileSync(config, JSON.stringify(options))
    return await runInForeground(process.execPath, [program, '--config', config, '--no-package'], { cwd: root })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Resolution of test labels: a path, a dotted name, or the label of an app.

const TEST = /\.test\.[cm]?[jt]s$/
const ENDINGS = ['.test.ts', '.ts', '.test.js', '.js', '.test.mjs', '.mjs']
const NO_TESTS_IN = new Set(['node_modules', 'dist', 'coverage'])

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name.startsWith('.') || NO_TESTS_IN.has(entry.name) ? [] : filesBelow(file)
    return TEST.test(entry.name) ? [file] : []
  })
}

/** The test files below a directory, sorted by name. @throws CommandError if there are none */
export function testFilesIn(folder: string): string[] {
  const files = filesBelow(folder)
  if (files.length > 0) return files
  throw new CommandError(`There are no tests in ${folder}: no file there ends with .test.ts.`)
}

/** The file or directory that a dotted name refers to. */
function dotted(label: string, root: string): string | undefined {
  const base = path.join(root, ...label.split('.'))
  return [base, ...ENDINGS.map((ending) => base + ending)].find(existsSync)
}

/** The directory of an installed app. Undefined if the settings cannot be read: the tests will report that. */
async function folderOfApp(label: string, project: Project): Promise<string | undefined> {
  const apps = await project.appFolders().catch(() => [])
  return apps.find((app) => app.label === label)?.folder
}

/**
 * The test files that a label refers to.
 * @throws CommandError if there are none
 */
export async function filesOfLabel(label: string, project: Project): Promise<string[]> {
  const paths = [path.resolve(label), path.resolve(project.root, label)]
  const found = paths.find(existsSync) ?? dotted(label, project.root) ?? (await folderOfApp(label, project))
  if (found === undefined) {
    throw new CommandError(
      `'${label}' is neither a file or a folder, nor a dotted name in ${project.root}, nor the label of an installed app.`,
    )
  }
  return statSync(found).isDirectory() ? testFilesIn(found) : [found]
}
