/** The process of one server: `bench/server.ts servers/nuages.ts` listens on a free port and reports its usage. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { collectGarbage } from './garbage.ts'

/** The options of a server module. */
export interface ServerOptions {
  /** Name of the store, such as `db-sqlite`; '' for none. */
  readonly store: string
  /** File or URL of the store. */
  readonly location: string
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** A server in another process, for which this process reports. */
export interface ForeignServer {
  readonly port: number
  usage(): Promise<Usage>
}

type Made = Listener | ForeignServer

export interface ServerModule {
  readonly default: (options: ServerOptions) => Made | Promise<Made>
}

/** Resource usage of the process since its start. */
export interface Usage {
  /** Number of received requests. */
  readonly requests: number
  /** Open connections, including those whose client has disconnected while the request is still being handled. */
  readonly connections: number
  /** CPU time, user and system, in microseconds. */
  readonly cpu: number
  /** Resident memory, in bytes. */
  readonly memory: number
  /** Used JavaScript heap, including garbage, in bytes; 0 if unknown. */
  readonly heap: number
}

/** `collect` requests the usage after a garbage collection. */
export type ToServer = 'usage' | 'collect'

export type FromServer = { readonly port: number } | { readonly failed: string } | { readonly usage: Usage }

function send(message: FromServer): void {
  process.send?.(message)
}

async function answer(question: ToServer, usage: () => Promise<Usage>): Promise<FromServer> {
  if (question === 'collect') await collectGarbage()
  return { usage: await usage() }
}

function introduce(port: number, usage: () => Promise<Usage>): void {
  process.on('message', (question: ToServer) => {
    void answer(question, usage).then(send, fail)
  })
  if (process.send === undefined) process.stdout.write(`http://127.0.0.1:${port}/counter\n`)
  else send({ port })
}

function listen(listener: Listener): void {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    listener(request, response)
  })
  const usage = async (): Promise<Usage> => {
    const connections = await promisify<number>((done) => server.getConnections(done))()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    return { requests, connections, cpu: user + system, memory: rss, heap: heapUsed }
  }
  server.listen(0, '127.0.0.1', () => introduce((server.address() as AddressInfo).port, usage))
}

async function serve(module: string): Promise<void> {
  const { default: make } = (await import(
    pathToFileURL(path.resolve(import.meta.dirname, module)).href
  )) as ServerModule
  const made = await make({ store: process.env.BENCH_STORE ?? '', location: process.env.BENCH_LOCATION ?? '' })
  if (typeof made === 'function') listen(made)
  else introduce(made.port, () => made.usage())
}

function fail(error: unknown): void {
  send({ failed: error instanceof Error ? error.message : String(error) })
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
  process.disconnect?.()
}

// Ends with the parent process.
process.on('disconnect', () => process.exit())

try {
  await serve(process.argv[2] ?? 'servers/node.ts')
} catch (error) {
  fail(error)
}
