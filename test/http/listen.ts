/** Starts an application on its own port, for tests that need a real connection. */
import type { AddressInfo } from 'node:net'
import type Koa from 'koa'

export async function listening<T>(app: Koa, fn: (port: number) => Promise<T>): Promise<T> {
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    return await fn((server.address() as AddressInfo).port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
