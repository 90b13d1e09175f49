/**
 * The servers as plain JavaScript, as npm installs the package: what tsx adds, such as a call for each function that is
 * made, so that it keeps its name, is no part of what is measured.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '..')
const BUILT = path.join(ROOT, '.nuages', 'built')

interface Manifest {
  readonly imports: Readonly<Record<string, string>>
}

const asJavaScript = (file: string): string => file.replace(/\.ts$/, '.js')

function compile(): void {
  // A migration that is gone from the sources must not be found here.
  rmSync(BUILT, { recursive: true, force: true })
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', import.meta.dirname], { stdio: 'inherit' })
  if (status !== 0) throw new Error('The servers could not be built.')
}

/** What Node has to know to find `#core/…`, and the peers, which are JavaScript and have packages of their own. */
function complete(): void {
  const { imports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest
  const doors = Object.entries(imports).map(([door, file]) => [door, asJavaScript(file)] as const)
  const manifest = { type: 'module', imports: Object.fromEntries(doors) satisfies Manifest['imports'] }
  writeFileSync(path.join(BUILT, 'package.json'), JSON.stringify(manifest, null, 2))
  symlinkSync(path.join(import.meta.dirname, 'peers'), path.join(BUILT, 'bench', 'peers'), 'junction')
}

let isBuilt = false

/**
 * The file to be run for a module.
 * @param module its path, from this folder
 */
export function built(module: string): string {
  if (!isBuilt) {
    compile()
    complete()
    isBuilt = true
  }
  const fromRoot = path.relative(ROOT, path.resolve(import.meta.dirname, module))
  return path.join(BUILT, asJavaScript(fromRoot))
}
