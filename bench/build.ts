/**
 * The servers as plain JavaScript, as npm installs the package: what tsx adds, such as a call for each function that is
 * made, so that it keeps its name, is no part of what is measured.
 */
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')

function run(root: string, ...command: readonly string[]): void {
  // Standard output is for what was measured.
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 2, 'inherit'] })
  if (status !== 0) throw new Error(`The servers in ${root} could not be built.`)
}

/** The package, the servers, and the peers, which are JavaScript and have packages of their own. */
function build(root: string, directory: string): void {
  run(root, path.join('bin', 'build.mjs'), directory)
  run(root, path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench')
  symlinkSync(path.join(root, 'bench', 'peers'), path.join(directory, 'bench', 'peers'), 'junction')
}

/** Checkouts that this process has built. */
const done = new Set<string>()

/**
 * The JavaScript file of a module of the bench, which is built first where this process has not done so.
 * @param module its path, absolute or from `bench/`
 * @param root the checkout of the repository: this one, or another to compare with
 */
export function built(module: string, root = ROOT): string {
  const directory = path.join(root, '.nuages', 'built')
  if (!done.has(root)) build(root, directory)
  done.add(root)
  const source = path.relative(root, path.resolve(root, 'bench', module))
  return path.join(directory, source.replace(/\.ts$/, '.js'))
}
