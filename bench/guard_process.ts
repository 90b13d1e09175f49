/**
 * The process for one guarded target: `bench/guard_process.ts servers/nuages.ts counter 300` handles requests without a
 * socket, and reports how many bytes of the heap and how many JavaScript steps one request takes.
 */
import { createServer } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { collectGarbage } from './garbage.ts'
import { PipedClient } from './piped_client.ts'
import type { Listener, ServerModule } from './server.ts'
import { median } from './statistics.ts'
import { StepCounter } from './steps.ts'
import { type WorkName, WORKS } from './workloads.ts'

/** Number of requests after which every function has run and the caches are full. */
const WARM_UP = 300
const CHUNKS = 3

/** Number of alternating clients, so that consecutive requests use different sessions. */
const VISITORS = 8

/** The cost of one request. */
export interface Figures {
  /** Allocated bytes of the JavaScript heap, including garbage. */
  readonly bytes: number
  /** Function calls and loop iterations. */
  readonly steps: number
}

async function listenerOf(module: string): Promise<Listener> {
  const file = path.resolve(import.meta.dirname, module)
  const { default: make } = (await import(pathToFileURL(file).href)) as ServerModule
  const made = await make({ store: process.env.BENCH_STORE ?? '', location: process.env.BENCH_LOCATION ?? '' })
  if (typeof made === 'function') return made
  throw new Error(`${module} is a process of its own, in which nothing can be counted.`)
}

async function figuresOf(
  ask: (requests: number) => Promise<void>,
  requests: number,
  counter: StepCounter,
): Promise<Figures> {
  await ask(WARM_UP)
  const chunks: number[] = []
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    await collectGarbage()
    const before = process.memoryUsage().heapUsed
    await ask(requests)
    chunks.push((process.memoryUsage().heapUsed - before) / requests)
  }
  await counter.take()
  await ask(requests)
  const steps = await counter.take()
  return { bytes: Math.round(median(chunks)), steps: Math.round(steps / requests) }
}

async function main([module = 'servers/node.ts', work = 'hello', requests = '300']: readonly string[]): Promise<void> {
  const counter = await StepCounter.start()
  const { path: url, knowsVisitors } = WORKS[work as WorkName]
  const server = createServer(await listenerOf(module))
  const clients = Array.from({ length: VISITORS }, () => new PipedClient(server))
  if (knowsVisitors) for (const client of clients) await client.ask('/counter')
  let turn = 0
  const ask = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await (clients[turn++ % VISITORS] as PipedClient).ask(url)
  }
  process.stdout.write(`${JSON.stringify(await figuresOf(ask, Number(requests), counter))}\n`)
}

await main(process.argv.slice(2))
// The server may still have open handles.
process.exit()
