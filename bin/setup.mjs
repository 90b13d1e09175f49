/** Installs the packages that package-lock.json names, where they are missing or older; else does nothing. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const LEAST_NODE = [20, 19]

/** What is wrong with this Node, or undefined. */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return undefined
  return `Nuages needs Node ${LEAST_NODE.join('.')} or later; this is ${version}. See https://nodejs.org/ for a newer one.`
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * Whether node_modules holds what the lock file names, by the record that npm itself keeps there at the end of an
 * installation. Nothing is written, so that a read-only node_modules will do.
 */
export function isInstalled(root) {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages
  const installed = readJson(path.join(root, 'node_modules', '.package-lock.json'))?.packages
  if (wanted === undefined) return existsSync(path.join(root, 'node_modules'))
  if (installed === undefined) return false
  const production = process.env.NODE_ENV === 'production'
  return Object.entries(wanted).every(([name, { version, optional, devOptional, dev, link }]) => {
    if (name === '' || link || installed[name]?.version === version) return true
    // A package for another machine, or for development only, may be left out; another version of it may not.
    return installed[name] === undefined && (optional || devOptional || (dev && production))
  })
}

/** The npm that runs us, or the one on the path. */
function npm(words, root) {
  const script = process.env.npm_execpath
  const byNode = script !== undefined && /\.c?js$/.test(script)
  const [program, first] = byNode ? [process.execPath, [script]] : ['npm', []]
  return spawnSync(program, [...first, ...words], { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
}

/** Checks Node and installs what is missing. Gives an exit code. */
export function setup(root) {
  const problem = nodeProblem()
  if (problem !== undefined) {
    console.error(problem)
    return 1
  }
  if (isInstalled(root)) return 0
  const words = existsSync(path.join(root, 'package-lock.json')) ? ['ci'] : ['install']
  console.log(`Installing packages (npm ${words[0]}) ...`)
  const { status, error } = npm([...words, '--no-audit', '--no-fund'], root)
  if (status === 0) return 0
  console.error(
    error ? `npm could not be started: ${error.message}` : 'The packages could not be installed; see above.',
  )
  return status ?? 1
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = setup(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
}
