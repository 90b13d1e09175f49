/**
 * Compiles the servers to plain JavaScript, as in the npm package. Under tsx, the measurements would include its
 * additions, such as a call for each created function to preserve its name.
 */
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')

function run(root: string, ...command: readonly string[]): void {
  // Standard output is reserved for the results.
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 2, 'inherit'] })
  if (status !== 0) throw new Error(`The servers in ${root} could not be built.`)
}

/** Compiles the package and the servers. The peers are JavaScript with their own packages, and are linked. */
function build(root: string, directory: string): void {
  run(root, path.join('bin', 'build.mjs'), directory)
  run(root, path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench')
  symlinkSync(path.join(root, 'bench', 'peers'), path.join(directory, 'bench', 'peers'), 'junction')
}

/** Checkouts that this process has already built. */
const done = new Set<string>()

/**
 * The compiled JavaScript file of a module of the benchmark. Builds the checkout first, once in each process.
 * @param module its path, absolute or relative to `bench/`
 * @param root the checkout of the repository: this one, or another one to compare with
 */
export function built(module: string, root = ROOT): string {
  const directory = path.join(root, '.nuages', 'built')
  if (!done.has(root)) build(root, directory)
  done.add(root)
  const source = path.relative(root, path.resolve(root, 'bench', module))
  return path.join(directory, source.replace(/\.ts$/, '.js'))
}
