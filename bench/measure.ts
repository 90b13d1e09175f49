/** One measurement: a new server with a new store, prepared, warmed up, put under load, examined, ended. */
import { Examination } from './correctness.ts'
import { generator as usualGenerator, type Generator } from './load/index.ts'
import { ServerProcess } from './server_process.ts'
import { openStore, type Store } from './stores.ts'
import type { Target } from './targets.ts'
import { underLoad, type UnderLoad } from './under_load.ts'
import { WORKS } from './workloads.ts'

export const CONNECTIONS = 64
/** In rotation under load; each connection has one more for its first request, and the warm-up as many of its own. */
export const SESSIONS = 256

export const VISITORS = SESSIONS + CONNECTIONS

export interface Measurement extends UnderLoad {
  /** Share of the counted requests that the counters hold; undefined for a work that counts nothing. */
  readonly kept?: number
}

export interface MeasureOptions {
  readonly seconds: number
  readonly generator?: Generator
  /** A bare server, warm, that has its turns before and after. */
  readonly floor?: ServerProcess
}

/** Measures a server that is there, and new. */
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
 * Runs a target's server on a new store, and ends both.
 * @param starting called when the store exists, before the server's process starts
 * @param checkout another checkout of the repository, whose server is run
 * @throws Unavailable where it cannot run on this machine
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

/** @throws Unavailable where the target cannot run on this machine */
export const measure = (target: Target, options: MeasureOptions): Promise<Measurement> =>
  withServer(target, (server) => measureServer(target, server, options))
