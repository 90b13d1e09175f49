/** Whether a server's answers were right: prepares its sessions, and looks at them when the load is over. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerProcess } from './server_process.ts'
import type { Target } from './targets.ts'
import { type Answer, Visitors } from './clients.ts'
import { HELLO, type WorkName, WORKS } from './workloads.ts'

/**
 * A view that adds one to what it read loses a count when two requests of one session overlap. The load avoids that, but
 * cannot exclude it where one request is overtaken by a hundred others.
 */
const LEAST_KEPT = 0.999

/** How often counters that are too low are summed up again. */
const MORE_SUMS = 5

/** What each visitor asks when the load is over, and the answer to each. */
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
  /** Share of the counted requests that the counters hold; undefined for a work that counts nothing. */
  readonly kept?: number
  /** What was wrong, a sentence each. */
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
  /** Requests that had come in when the sessions were ready. */
  #requestsBefore = 0

  constructor(target: Target, server: ServerProcess, sessions: number) {
    this.#target = target
    this.#server = server
    this.#visitors = new Visitors(server.port, sessions)
  }

  /** Gives every visitor a session where the work needs one; the cookies that the load has to send. */
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
    // A session that is its cookie looks like every other with the same content.
    if (this.#target.keptByClient) return
    const { cookies } = this.#visitors
    const distinct = new Set(cookies).size
    if (distinct < cookies.length) this.#problems.push(`${cookies.length} visitors got only ${distinct} sessions.`)
  }

  /** Compares the sum of all counters with the requests that came in for them. */
  async #countedShare(): Promise<number> {
    const { requests } = await this.#server.settled()
    const arrived = requests - this.#requestsBefore
    let counted = await this.#counted()
    // A request whose client is gone may still be at work.
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
