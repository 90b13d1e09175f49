/** From the labels of tests to their files: a path, a dotted name, or the label of an app. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { CommandError } from './base.ts'
import type { Project } from './project.ts'

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

/** The test files below a folder, in the order of their names. @throws CommandError where there are none */
export function testFilesIn(folder: string): string[] {
  const files = filesBelow(folder)
  if (files.length > 0) return files
  throw new CommandError(`There are no tests in ${folder}: no file there ends with .test.ts.`)
}

/** The file or folder that a dotted name leads to. */
function dotted(label: string, root: string): string | undefined {
  const base = path.join(root, ...label.split('.'))
  return [base, ...ENDINGS.map((ending) => base + ending)].find(existsSync)
}

/** The folder of an installed app by its label; none where the settings cannot be read, which the tests will tell. */
async function folderOfApp(label: string, project: Project): Promise<string | undefined> {
  const apps = await project.appFolders().catch(() => [])
  return apps.find((app) => app.label === label)?.folder
}

/**
 * The test files of a label.
 * @throws CommandError where it leads to none
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
