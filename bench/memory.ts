/** What a server holds after a million requests: `npm run bench:memory [requests]`. */
import { generator } from './load/index.ts'
import { CONNECTIONS } from './measure.ts'
import { ServerProcess } from './server_process.ts'
import { openStore } from './stores.ts'
import { nameOf, selectTargets } from './targets.ts'
import { WORKS } from './works.ts'

const WANTED = Number(process.argv[2] ?? 1_000_000)
const STEPS = 10

/** New sessions without end, in the cache that every project has, and the counter on what a project begins with. */
const NAMES = ['nuages cold cache-locmem', 'nuages counter db-sqlite']

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(0)} MB`

async function watch(name: string): Promise<void> {
  const [target] = selectTargets(name.split(' '), false).filter((each) => nameOf(each) === name)
  if (target === undefined) throw new Error(`There is no target '${name}'.`)
  const store = await openStore(target.store)
  const server = await ServerProcess.start(target, store)
  try {
    process.stdout.write(`${name}\n`)
    const { path } = WORKS[target.work]
    const plan = { port: server.port, path, connections: CONNECTIONS, cookies: [], seconds: 3 }
    for (let step = 1; step <= STEPS; ) {
      await generator().run(plan)
      const { requests, memory } = await server.settled()
      if (requests < (WANTED / STEPS) * step) continue
      process.stdout.write(`  ${String(requests).padStart(9)} requests  ${megabytes(memory).padStart(7)}\n`)
      step++
    }
  } finally {
    await server.stop()
    await store.close()
  }
}

for (const name of NAMES) await watch(name)
