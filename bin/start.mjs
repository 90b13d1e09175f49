/** `npm start`: installs what is missing, migrates the database, serves the site. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setup } from './setup.mjs'

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

let running
let stopped = false
for (const signal of SIGNALS) {
  process.on(signal, () => {
    stopped = true
    running?.kill(signal)
  })
}

/** Starts manage.ts; the function gets what it prints, line by line. Gives the exit code. */
function manage(words, print) {
  const loader = pathToFileURL(path.join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href
  const args = ['--import', loader, path.join(ROOT, 'manage.ts'), ...words]
  running = spawn(process.execPath, args, { cwd: ROOT, stdio: ['inherit', print ? 'pipe' : 'inherit', 'inherit'] })
  if (print) createInterface({ input: running.stdout }).on('line', print)
  return new Promise((resolve) => running.on('close', (code) => resolve(code ?? 1)))
}

/** Migrates; says nothing where there is nothing to do. */
async function migrate() {
  const held = []
  let talks = false
  const code = await manage(['migrate'], (line) => {
    talks ||= line.startsWith('  Applying')
    held.push(line)
    if (talks) for (const each of held.splice(0)) console.log(each)
  })
  if (code !== 0) for (const line of held) console.log(line)
  return code
}

async function start() {
  for (const step of [() => setup(ROOT), migrate]) {
    const code = await step()
    if (stopped) return 0
    if (code !== 0) return code
  }
  return manage(['runserver', ...process.argv.slice(2)])
}

process.exitCode = await start()
