/** Checks whether a server's responses were correct: creates its sessions, and verifies them after the load. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerProcess } from './server_process.ts'
import type { Target } from './targets.ts'
import { type Answer, Visitors } from './clients.ts'
import { HELLO, type WorkName, WORKS } from './workloads.ts'

/**
 * Minimum share of the counted requests. A view that adds one to the value it read loses a count if two requests of one
 * session overlap. The load generator avoids overlaps, but one request may be overtaken by a hundred others.
 */
const LEAST_KEPT = 0.999

/** How often the counters are summed up again if the sum is too low. */
const MORE_SUMS = 5

/** The requests of each visitor after the load, with the expected responses. */
const LAST_ANSWERS: Readonly<Record<WorkName, readonly (readonly [path: string, text: string])[]>> = {
  hello: [['/hello', HELLO]],
  untouched: [
    ['/hello', HELLO],
    ['/read', '1'],
  ],
  read: [['/read', '1']],
  counter: [
    ['/counter', '2'],
    ['/counter', '3'],
    ['/read', '3'],
  ],
  cold: [
    ['/counter', '1'],
    ['/read', '1'],
  ],
}

export interface CheckResult {
  /** Share of the requests that were counted; undefined for a workload without counters. */
  readonly kept?: number
  /** The detected errors, as sentences. */
  readonly problems: readonly string[]
}

function unlike(answers: readonly Answer[], expected: string, where: string): string[] {
  const wrong = answers.filter(({ status, text }) => status !== 200 || text !== expected)
  const [first] = wrong
  if (first === undefined) return []
  const found = `${first.status} '${first.text.slice(0, 60)}'`
  return [`${wrong.length} of ${answers.length} answers of ${where} were wrong: ${found} instead of 200 '${expected}'.`]
}

const numberIn = ({ status, text }: Answer): number => (status === 200 && /^\d+$/.test(text) ? Number(text) : 0)

const sumOf = (answers: readonly Answer[]): number => answers.reduce((sum, answer) => sum + numberIn(answer), 0)

export class Examination {
  readonly #target: Target
  readonly #server: ServerProcess
  readonly #visitors: Visitors
  readonly #problems: string[] = []
  /** Number of requests when the sessions were ready. */
  #requestsBefore = 0

  constructor(target: Target, server: ServerProcess, sessions: number) {
    this.#target = target
    this.#server = server
    this.#visitors = new Visitors(server.port, sessions)
  }

  /** Creates a session for each visitor if the workload needs it. @returns the cookies for the load */
  async prepare(): Promise<string[]> {
    const work = WORKS[this.#target.work]
    if (work.knowsVisitors) await this.#expect('/counter', '1')
    else if (work.path === '/hello') await this.#expect('/hello', HELLO)
    this.#requestsBefore = (await this.#server.settled()).requests
    if (!work.knowsVisitors) return []
    this.#expectDistinctCookies()
    return this.#visitors.cookies
  }

  async conclude(): Promise<CheckResult> {
    const kept = await this.#conclude()
    return { ...(kept !== undefined && { kept }), problems: this.#problems }
  }

  async #conclude(): Promise<number | undefined> {
    const { work, keptByClient } = this.#target
    if (work === 'counter' && !keptByClient) return this.#countedShare()
    for (const [path, text] of LAST_ANSWERS[work]) await this.#expect(path, text)
    if (work === 'cold') this.#expectDistinctCookies()
    return undefined
  }

  async #expect(path: string, text: string): Promise<void> {
    this.#problems.push(...unlike(await this.#visitors.visit(path), text, path))
  }

  #expectDistinctCookies(): void {
    // Sessions that are stored in cookies are equal if their content is equal.
    if (this.#target.keptByClient) return
    const { cookies } = this.#visitors
    const distinct = new Set(cookies).size
    if (distinct < cookies.length) this.#problems.push(`${cookies.length} visitors got only ${distinct} sessions.`)
  }

  /** Compares the sum of all counters with the number of requests. @returns the share of requests that were counted */
  async #countedShare(): Promise<number> {
    const { requests } = await this.#server.settled()
    const arrived = requests - this.#requestsBefore
    let counted = await this.#counted()
    // A request whose client has disconnected may still be running.
    for (let again = 0; again < MORE_SUMS && counted < arrived; again++) {
      await pause(100)
      counted = await this.#counted()
    }
    const kept = arrived === 0 ? 1 : counted / arrived
    if (kept < LEAST_KEPT || kept > 1) {
      this.#problems.push(`The counters went up by ${counted} for ${arrived} requests.`)
    }
    return kept
  }

  async #counted(): Promise<number> {
    const answers = await this.#visitors.visit('/read')
    return sumOf(answers) - answers.length
  }
}
