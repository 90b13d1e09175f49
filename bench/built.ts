/**
 * The servers as plain JavaScript, as npm installs the package: what tsx adds, such as a call for each function that is
 * made, so that it keeps its name, is no part of what is measured.
 */
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const BUILT = path.join(ROOT, '.nuages', 'built')

function run(...command: readonly string[]): void {
  // Standard output is for what was measured.
  const { status } = spawnSync(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 2, 'inherit'] })
  if (status !== 0) throw new Error('The servers could not be built.')
}

/** The package, the servers beside it, and the peers, which are JavaScript and have packages of their own. */
function build(): void {
  run(path.join('bin', 'build.mjs'), BUILT)
  run(path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench')
  symlinkSync(path.join(ROOT, 'bench', 'peers'), path.join(BUILT, 'bench', 'peers'), 'junction')
}

let isBuilt = false

/**
 * The file to be run for a module.
 * @param module its path, from this folder
 */
export function built(module: string): string {
  if (!isBuilt) {
    build()
    isBuilt = true
  }
  const fromRoot = path.relative(ROOT, path.resolve(import.meta.dirname, module))
  return path.join(BUILT, fromRoot.replace(/\.ts$/, '.js'))
}
