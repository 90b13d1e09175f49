/** `node start.mjs`: makes the database and a user, starts Django, Nuages and the proxy before them; Ctrl-C ends all. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setup } from '../../bin/setup.mjs'
import { createProxy } from './proxy.mjs'

const EXAMPLE = path.dirname(fileURLToPath(import.meta.url))
const REPOSITORY = path.join(EXAMPLE, '..', '..')
const KEPT = path.resolve(process.env.BESIDE_FOLDER ?? path.join(EXAMPLE, '.nuages'))
const USER = ['ada', 'three green apples']

const { PORT = '8000', DJANGO_PORT = '8001', NUAGES_PORT = '8002' } = process.env
const env = { ...process.env, BESIDE_FOLDER: KEPT, PYTHONUNBUFFERED: '1' }

const running = new Set()
let stopped = false

/** Starts a program in a process group of its own, so that Ctrl-C reaches it by way of us alone. */
function start(name, program, args) {
  const child = spawn(program, args, { cwd: EXAMPLE, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve) => {
    child.once('error', (error) => console.error(`${name} | ${error.message}`))
    child.once('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  running.add(child)
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => console.log(`${name} | ${line}`))
  }
  return { child, ended }
}

/** Asks everything that runs to end, and after some seconds makes it. */
async function stop() {
  if (stopped) return
  stopped = true
  for (const child of running) child.kill('SIGTERM')
  for (let tries = 0; running.size > 0 && tries < 50; tries++) await pause(100)
  for (const child of running) child.kill('SIGKILL')
}

/** The first Python that has Django. */
function findPython() {
  const named = process.env.PYTHON
  const found = (named === undefined ? ['python3', '/usr/bin/python3'] : [named]).find(
    (python) => spawnSync(python, ['-c', 'import django']).status === 0,
  )
  if (found !== undefined) return found
  throw new Error(
    `${named ?? 'python3'} has no Django. Install it (pip install django, or apt install python3-django), or say which` +
      ' Python has it: PYTHON=/path/to/python node start.mjs',
  )
}

function makeKey() {
  mkdirSync(KEPT, { recursive: true, mode: 0o700 })
  const file = path.join(KEPT, 'secret_key')
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600 })
}

/** Waits until a server listens, or has ended. */
async function listening({ child, port }) {
  while (running.has(child)) {
    const socket = connect(Number(port), '127.0.0.1')
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await pause(100)
  }
}

async function serve() {
  const python = findPython()
  makeKey()
  const django = (...words) => start('django', python, ['django-site/manage.py', ...words])
  const nuages = (...words) => start('nuages', process.execPath, ['--import', 'tsx', 'nuages-site/manage.ts', ...words])
  for (const words of [['migrate'], ['demo', ...USER]]) {
    if ((await django(...words).ended) !== 0 || stopped) return
  }
  const servers = [
    { port: DJANGO_PORT, ...django('runserver', DJANGO_PORT, '--noreload') },
    { port: NUAGES_PORT, ...nuages('runserver', NUAGES_PORT, '--noreload') },
  ]
  await Promise.all(servers.map(listening))
  if (running.size < servers.length || stopped) return
  const proxy = createProxy({ django: DJANGO_PORT, nuages: NUAGES_PORT }).listen(Number(PORT), '127.0.0.1')
  const failed = new Promise((_, reject) => proxy.once('error', reject))
  proxy.once('listening', () => {
    console.log(
      `\nOpen http://127.0.0.1:${PORT}/ and log in as '${USER[0]}', password '${USER[1]}'. Ctrl-C ends all.\n`,
    )
  })
  await Promise.race([...servers.map(({ ended }) => ended), failed])
  proxy.close()
  proxy.closeAllConnections()
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => void stop())

try {
  const code = setup(REPOSITORY)
  if (code !== 0) process.exit(code)
  await serve()
  // All is well only where somebody asked for the end.
  process.exitCode = stopped ? 0 : 1
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
await stop()
