/** The process of one server: `bench/server.ts servers/nuages.ts` listens on a free port and tells what it has used. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** What a server's module is told about its sessions. */
export interface ServerOptions {
  /** Name of the store, such as `db-sqlite`; '' for none. */
  readonly store: string
  /** File or URL of the store. */
  readonly location: string
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

export interface ServerModule {
  readonly default: (options: ServerOptions) => Listener | Promise<Listener>
}

/** What the process has used since its start. */
export interface Usage {
  /** Requests that came in. */
  readonly requests: number
  /** Connections that are open, those whose client is gone but whose answer is still in the making among them. */
  readonly connections: number
  /** Time of the processor, user and system, in microseconds. */
  readonly cpu: number
  /** Resident memory, in bytes. */
  readonly memory: number
}

export type FromServer = { readonly port: number } | { readonly failed: string } | { readonly usage: Usage }

function tell(message: FromServer): void {
  process.send?.(message)
}

async function serve(module: string): Promise<void> {
  const { default: listenerOf } = (await import(
    pathToFileURL(path.resolve(import.meta.dirname, module)).href
  )) as ServerModule
  const listener = await listenerOf({
    store: process.env.BENCH_STORE ?? '',
    location: process.env.BENCH_LOCATION ?? '',
  })
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    listener(request, response)
  })
  process.on('message', () => {
    server.getConnections((_error, connections) => {
      const { user, system } = process.cpuUsage()
      tell({ usage: { requests, connections, cpu: user + system, memory: process.memoryUsage.rss() } })
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    if (process.send === undefined) process.stdout.write(`http://127.0.0.1:${port}/counter\n`)
    else tell({ port })
  })
}

// Whoever started this is gone, and with it the reason to be here.
process.on('disconnect', () => process.exit())

try {
  await serve(process.argv[2] ?? 'servers/node.ts')
} catch (error) {
  tell({ failed: error instanceof Error ? error.message : String(error) })
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
  process.disconnect?.()
}
