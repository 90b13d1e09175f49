/** One fault on one engine: load before, during and after it, and what became of the sessions. */
import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, Book, Client } from './book.ts'
import type { Engine } from './engines.ts'
import type { Fault } from './faults.ts'
import { until } from './servers.ts'

const CLIENTS = 8

/** Pause of a client between two steps, in milliseconds. */
const THINKING_MS = 40

/** A client gives up after this time, in milliseconds; far more than SESSION_STORE_TIMEOUT. */
const PATIENCE_MS = 10_000

/** How soon a site must recover, in milliseconds. */
export const RECOVERY_MS = 3000

/** How long a trial waits for a site that does not recover, in milliseconds. */
const RECOVERY_LIMIT_MS = RECOVERY_MS + 1500

/** Time without a failure after which a site counts as recovered, in milliseconds. */
const CALM_MS = 600

interface Sent {
  readonly client: Client | undefined
  readonly at: number
  readonly status: number
  /** Milliseconds until the response, or until the connection failed. */
  readonly wait: number
}

export interface Figures {
  readonly book: Book
  /** Responses by status; 0 is the number of requests without one. */
  readonly statuses: ReadonlyMap<number, number>
  /** All times are in milliseconds. */
  readonly longest: number
  /** From the end of the fault to the first 200; the longest of all rounds. */
  readonly first: number
  /** From the end of the fault to the last request that failed; the longest of all rounds. */
  readonly settled: number
  readonly plain: number
  /** p99 of the other sessions while the row or file of one is locked. */
  readonly others: number | undefined
  readonly kills: number
  /** Workers that ended by themselves. */
  readonly deaths: number
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function cookieIn(header: readonly string[] | undefined): string | null | undefined {
  const cookie = header?.find((each) => each.startsWith('sessionid='))
  if (cookie === undefined) return undefined
  const value = cookie.slice('sessionid='.length).split(';')[0]?.replaceAll('"', '') ?? ''
  return value === '' || /max-age=0/i.test(cookie) ? null : value
}

function parsed(text: string): Answer['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The clients of one engine. They exist during all its trials. */
export class Load {
  readonly #engine: Engine
  readonly #agent = new Agent({ keepAlive: true })
  readonly #clients: Client[] = []
  readonly #probe: Client
  #sent: Sent[] = []
  #plain: number[] = []
  #isRunning = false
  #loops: Promise<void>[] = []
  #turn = 0

  constructor(engine: Engine) {
    this.#engine = engine
    const { promises } = engine.kind
    const client = (name: string): Client => {
      const made: Client = new Client(name, (path, cookie) => this.#ask(path, cookie, made), new Book(), promises)
      return made
    }
    for (let number = 0; number < CLIENTS; number++) this.#clients.push(client(`client${number}`))
    this.#probe = client('probe')
  }

  #request(port: number, path: string, cookie?: string): Promise<Answer> {
    return new Promise((resolve) => {
      const headers = cookie === undefined ? {} : { cookie: `sessionid=${cookie}` }
      const none = () => resolve({ status: 0, body: undefined })
      const request = get({ host: '127.0.0.1', port, path, headers, agent: this.#agent }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('error', none).on('close', none)
        response.on('end', () => {
          const sent = cookieIn(response.headers['set-cookie'])
          if (response.complete) resolve({ status: response.statusCode ?? 0, body: parsed(text), cookie: sent })
        })
      })
      request.setTimeout(PATIENCE_MS, () => request.destroy())
      request.on('error', none)
    })
  }

  async #ask(path: string, cookie: string | undefined, client: Client): Promise<Answer> {
    const { ports } = this.#engine.site
    this.#turn += 1
    const at = performance.now()
    const answer = await this.#request(ports[this.#turn % ports.length] as number, path, cookie)
    this.#sent.push({ client, at, status: answer.status, wait: performance.now() - at })
    return answer
  }

  start(): void {
    this.#isRunning = true
    const steps = this.#clients.map((client, number) => async () => {
      await pause(THINKING_MS * (0.5 + Math.random()))
      await client.step(number === 0)
    })
    const plain = this.#engine.site.ports.map((port) => async () => {
      await pause(10)
      const begin = performance.now()
      const { status } = await this.#request(port, '/plain')
      const wait = performance.now() - begin
      // A worker that was killed refuses connections; one that hangs is slow.
      if (status === 200 || wait >= PATIENCE_MS) this.#plain.push(wait)
      else if (status !== 0) this.#probe.book.wrong += 1
    })
    this.#loops = [...steps, ...plain].map(async (act) => {
      while (this.#isRunning) await act()
    })
  }

  /** Resolves when no request is in progress. */
  async stop(): Promise<void> {
    this.#isRunning = false
    await Promise.all(this.#loops)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Resolves when requests succeed again. @returns the times to the first success and to the last failure */
  async #recovery(cleared: number, subject: Client | undefined): Promise<{ first: number; settled: number }> {
    // Clients may all be waiting for responses that began in the fault.
    const probes: Promise<void>[] = []
    for (;;) {
      if (subject === undefined) probes.push(this.#probe.read())
      await pause(30)
      const now = performance.now()
      const after = this.#sent.filter(({ at, client }) => at >= cleared && client === (subject ?? client))
      const first = Math.min(...after.filter(({ status }) => status === 200).map(({ at, wait }) => at + wait))
      // A connection to a worker that was killed says nothing about the store.
      const settled = Math.max(cleared, ...after.filter(({ status }) => status !== 200).map(({ at }) => at))
      const isOver = now - cleared > RECOVERY_LIMIT_MS
      if (!isOver && !(now - settled > CALM_MS && now - first > CALM_MS)) continue
      await Promise.all(probes)
      return { first: first - cleared, settled: settled - cleared }
    }
  }

  /**
   * Runs a fault, `rounds` times in a row if it is a kill.
   * @param hold how long the fault lasts, in milliseconds
   */
  async run(fault: Fault, hold: number, rounds: number): Promise<Figures> {
    const { site } = this.#engine
    const book = new Book()
    const killsBefore = this.#engine.kills
    const deathsBefore = site.deaths
    const [steady] = this.#clients as [Client, ...Client[]]
    for (const client of [...this.#clients, this.#probe]) client.book = book
    for (const client of [steady, this.#probe]) {
      await until(async () => {
        if (!(await client.begin())) throw new Error(`No session begins before the fault.\n${site.logTail}`)
      })
    }
    this.start()
    await pause(400)
    this.#sent = []
    this.#plain = []
    book.isForgiving = fault.note !== undefined
    const usual = fault.isOneSession === true ? await this.#usualP99() : 0
    let [first, settled] = [0, 0]
    for (let round = 0; round < rounds; round++) {
      if (fault.isKill === true) await pause(Math.random() * 100)
      const clear = await fault.begin({ engine: this.#engine, steady })
      await pause(fault.isKill === true ? Math.random() * 150 : hold)
      await clear()
      const found = await this.#recovery(performance.now(), fault.isOneSession === true ? steady : undefined)
      first = Math.max(first, found.first)
      settled = Math.max(settled, found.settled)
      if (first > RECOVERY_MS || settled > RECOVERY_MS) break
    }
    await this.stop()
    const sent = this.#sent
    // A site that does not recover is started again, so that its sessions and the next fault can be judged.
    if (first > RECOVERY_MS || settled > RECOVERY_MS) await site.restart()
    await Promise.all([...this.#clients, this.#probe].map((client) => client.judge()))
    site.setClock(0)
    const statuses = new Map<number, number>()
    for (const { status } of sent) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const others = sent.filter(({ client }) => client !== steady && client !== this.#probe).map(({ wait }) => wait)
    return {
      book,
      statuses,
      longest: Math.max(0, ...sent.map(({ wait }) => wait)),
      first,
      settled,
      plain: percentile(this.#plain, 0.99),
      others: fault.isOneSession === true ? Math.max(0, percentile(others, 0.99) - usual) : undefined,
      kills: this.#engine.kills - killsBefore,
      deaths: site.deaths - deathsBefore,
    }
  }

  /** p99 of the sessions without a fault. Also resets the figures. */
  async #usualP99(): Promise<number> {
    await pause(800)
    const usual = percentile(
      this.#sent.map(({ wait }) => wait),
      0.99,
    )
    this.#sent = []
    return usual
  }
}
