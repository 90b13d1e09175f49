/** One measurement: starts a server with a new store, creates sessions, warms up, applies load, checks and stops it. */
import { Examination } from './correctness.ts'
import { generator as usualGenerator, type Generator } from './load/index.ts'
import { ServerProcess } from './server_process.ts'
import { openStore, type Store } from './stores.ts'
import type { Target } from './targets.ts'
import { underLoad, type UnderLoad } from './under_load.ts'
import { WORKS } from './workloads.ts'

export const CONNECTIONS = 64
/** Number of sessions that the load rotates. Each connection has another one; the warm-up has as many of its own. */
export const SESSIONS = 256

export const VISITORS = SESSIONS + CONNECTIONS

export interface Measurement extends UnderLoad {
  /** Share of the requests that were counted; undefined for a workload without counters. */
  readonly kept?: number
}

export interface MeasureOptions {
  readonly seconds: number
  readonly generator?: Generator
  /** A warm floor server, measured before and after the target. */
  readonly floor?: ServerProcess
}

/** Measures a server that has just been started. */
export async function measureServer(
  target: Target,
  server: ServerProcess,
  options: MeasureOptions,
): Promise<Measurement> {
  const { seconds, generator = usualGenerator(), floor } = options
  const examination = new Examination(target, server, VISITORS * 2)
  const cookies = await examination.prepare()
  const { path } = WORKS[target.work]
  const plan = { port: server.port, path, connections: CONNECTIONS, seconds, cookies: cookies.slice(VISITORS) }
  const figures = await underLoad(server, generator, plan, cookies.slice(0, VISITORS), floor)
  const { kept, problems } = await examination.conclude()
  return { ...figures, ...(kept !== undefined && { kept }), problems: [...figures.problems, ...problems] }
}

/**
 * Runs `body` with a target's server on a new store, and stops both afterwards.
 * @param starting called when the store exists, before the server process is started
 * @param checkout another checkout of the repository, whose server is used
 * @throws Unavailable if the target cannot run on this machine
 */
export async function withServer<T>(
  target: Target,
  body: (server: ServerProcess, store: Store) => Promise<T>,
  starting: () => void = () => {},
  checkout?: string,
): Promise<T> {
  const store = await openStore(target.store)
  try {
    starting()
    const server = await ServerProcess.start(target, store, checkout)
    try {
      return await body(server, store)
    } finally {
      await server.stop()
    }
  } finally {
    await store.close()
  }
}

/** @throws Unavailable if the target cannot run on this machine */
export const measure = (target: Target, options: MeasureOptions): Promise<Measurement> =>
  withServer(target, (server) => measureServer(target, server, options))
