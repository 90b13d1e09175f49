/** Raw requests over a socket: unchanged bytes, and the status of the response. */
import { connect, type Socket } from 'node:net'

/** The head of a GET request in which everything but the target is ordinary. */
export const head = (target: string, headers: readonly string[] = ['Host: 127.0.0.1'], method = 'GET'): Buffer =>
  Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1')

export interface RawResponse {
  /** 0 if the connection was closed without a response. */
  readonly status: number
  /** All received bytes, as Latin-1. */
  readonly text: string
}

/** Sends bytes on a new connection and waits until the server closes it. */
export function sendRaw(port: number, bytes: Buffer | string, watch?: (socket: Socket) => void): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    // A server that refuses a request may close before it has read all of it.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error)
    })
    socket.setTimeout(15_000, () => socket.destroy(new Error('no response within 15 seconds')))
    socket.once('close', () => resolve({ status: Number(/^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1] ?? 0), text }))
    watch?.(socket)
  })
}

/** Calls a function for each of many items, a few at a time. */
export async function inTurn<T>(things: readonly T[], work: (thing: T) => Promise<void>, width = 16): Promise<void> {
  const queue = things.values()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const thing of queue) await work(thing)
    }),
  )
}
