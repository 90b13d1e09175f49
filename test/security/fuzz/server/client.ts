/** A raw HTTP client: sends bytes unchanged, and parses responses strictly. */
import { connect, type Socket } from 'node:net'
import { ensure } from '../domain.ts'
import type { Server } from './server.ts'

/** Milliseconds after which a request counts as unanswered. */
const PATIENCE_MS = 10_000

/** Milliseconds that requests have for their response after a problem in the server. */
const GRACE_MS = 200

/** Milliseconds of silence after which an incomplete request is aborted. */
const IDLE_MS = 300

export interface RawResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** As received, perhaps compressed. */
  readonly body: string
  /** The number of characters it used. */
  readonly length: number
}

export const headerOf = ({ headers }: RawResponse, name: string): string | undefined =>
  headers.find(([each]) => each.toLowerCase() === name)?.[1]

const STATUS = /^HTTP\/1\.1 ([1-5][0-9]{2}) [^\r\n]*$/
// oxlint-disable-next-line no-control-regex
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/

/** The length of a chunked body with its last chunk, and its bytes; undefined while it is incomplete. */
function chunked(text: string, begin: number): { body: string; end: number } | undefined {
  let body = ''
  let at = begin
  for (;;) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    ensure(Number.isInteger(size), 'the response has a chunk without a size')
    if (text.length < line + 2 + size + 2) return undefined
    body += text.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (size === 0) return { body, end: at }
  }
}

/** Whether a response is for a HEAD request, and so has no body. */
export type IsHead = boolean | 'perhaps'

/** The first response in some bytes; undefined while it is incomplete. @throws when it is malformed */
export function parseResponse(text: string, isHead: IsHead): RawResponse | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const status = Number(STATUS.exec(statusLine)?.[1] ?? 0)
  ensure(status > 0, `the response begins with ${JSON.stringify(statusLine.slice(0, 80))}`)
  const headers = lines.map((line) => {
    const [, name, value] = HEADER.exec(line) ?? []
    ensure(
      name !== undefined && value !== undefined,
      `the response has the header line ${JSON.stringify(line.slice(0, 80))}`,
    )
    return [name as string, value as string] as const
  })
  const begin = end + 4
  const bodiless = { status, headers, body: '', length: begin }
  const isFollowed = isHead === 'perhaps' && text.startsWith('HTTP/1.1 ', begin)
  if (isHead === true || isFollowed || status === 204 || status === 304 || status < 200) return bodiless
  if (/^chunked$/i.test(headerOf(bodiless, 'transfer-encoding') ?? '')) {
    const found = chunked(text, begin)
    return found && { ...bodiless, body: found.body, length: found.end }
  }
  const given = headerOf(bodiless, 'content-length')
  // Without a length the body ends with the connection.
  if (given === undefined)
    return headerOf(bodiless, 'connection') === 'close'
      ? { ...bodiless, body: text.slice(begin), length: text.length }
      : bodiless
  const length = begin + Number(given)
  return text.length < length ? undefined : { ...bodiless, body: text.slice(begin, length), length }
}

/** One connection with one exchange at a time. */
class Connection {
  readonly #socket: Socket
  #received = ''
  #isClosed = false
  #wake: () => void = () => {}
  exchanges = 0
  isAbandoned = false

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (chunk: string) => {
      this.#received += chunk
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  get isOpen(): boolean {
    return !this.#isClosed
  }

  get leftOver(): string {
    return this.#received
  }

  close(): void {
    this.#socket.destroy()
  }

  abandon(): void {
    this.isAbandoned = true
    this.close()
  }

  send(bytes: string): void {
    this.exchanges++
    this.#socket.write(bytes, 'latin1')
  }

  /** Ends the sending side. */
  end(): void {
    this.#socket.end()
  }

  /** The next response; undefined when the connection ends, or nothing arrives, without one. */
  async response(isHead: IsHead, patienceMs = PATIENCE_MS): Promise<RawResponse | undefined> {
    const until = performance.now() + patienceMs
    for (;;) {
      const response = parseResponse(this.#received, isHead)
      if (response !== undefined) {
        this.#received = this.#received.slice(response.length)
        return response
      }
      if (this.#isClosed || !(await this.#more(until - performance.now()))) return undefined
    }
  }

  /** Whether something arrived, or the connection ended, in time. */
  #more(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#wake = () => {}
          resolve(false)
        },
        Math.max(0, ms),
      )
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve(true)
      }
    })
  }
}

/** Connections to one server, kept alive between exchanges. */
export class RawClient {
  readonly #server: Server
  readonly #idle: Connection[] = []
  readonly #busy = new Set<Connection>()
  #port: number | undefined

  constructor(server: Server) {
    this.#server = server
    server.onIncident = () => {
      const busy = [...this.#busy]
      setTimeout(() => {
        for (const connection of busy) if (this.#busy.has(connection)) connection.abandon()
      }, GRACE_MS)
    }
  }

  async #connection(): Promise<Connection> {
    const port = await this.#server.port()
    if (port !== this.#port) this.close()
    this.#port = port
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isOpen && idle.leftOver === '') return idle
      idle.close()
    }
    return new Connection(port)
  }

  close(): void {
    for (const idle of this.#idle.splice(0)) idle.close()
  }

  async #unanswered(): Promise<Error> {
    const [incident] = await this.#server.incidents()
    return new Error(incident ?? 'there was no response')
  }

  /** Sends one request and reads its response. @throws when there is none, or more than one */
  async exchange(bytes: string, isHead = false): Promise<RawResponse> {
    const connection = await this.#connection()
    const isReused = connection.exchanges > 0
    connection.send(bytes)
    let response: RawResponse | undefined
    this.#busy.add(connection)
    try {
      response = await connection.response(isHead)
    } catch (error) {
      connection.close()
      throw error
    } finally {
      this.#busy.delete(connection)
    }
    if (response === undefined) {
      connection.close()
      // The server may have closed an idle connection while the request was in transit.
      const isClosed = !connection.isOpen && !connection.isAbandoned && connection.leftOver === ''
      if (isReused && isClosed) return this.exchange(bytes, isHead)
      throw await this.#unanswered()
    }
    if (connection.leftOver !== '') {
      connection.close()
      throw new Error(`more than one response came: ${JSON.stringify(connection.leftOver.slice(0, 80))}`)
    }
    if (headerOf(response, 'connection') === 'close') connection.close()
    else this.#idle.push(connection)
    return response
  }

  /**
   * Sends bytes that may be several requests, or none, and reads every response until the connection ends.
   * @param bytes whose last request should ask for the connection to be closed
   */
  async conversation(bytes: string, idleMs = IDLE_MS): Promise<RawResponse[]> {
    const connection = await this.#connection()
    connection.send(bytes)
    const isHead = bytes.includes('HEAD ') && 'perhaps'
    const responses: RawResponse[] = []
    try {
      for (let hasEnded = false; ; ) {
        const response = await connection.response(isHead, idleMs)
        if (response !== undefined) responses.push(response)
        else if (hasEnded || !connection.isOpen) break
        else {
          // An incomplete request waits for more bytes, which never arrive.
          connection.end()
          hasEnded = true
        }
      }
    } finally {
      connection.close()
    }
    if (responses.length === 0) await this.#refuseIncidents()
    return responses
  }

  async #refuseIncidents(): Promise<void> {
    const [incident] = await this.#server.incidents()
    if (incident !== undefined) throw new Error(incident)
  }
}
