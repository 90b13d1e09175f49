/** Runs batches of inputs: times each, checks the suspicious ones again alone, and shrinks those that fail. */
import * as fc from 'fast-check'
import { type AnyDomain, cpuMs, limitMs, sizeOf } from './domain.ts'

/** Number of measurements of a slow input, so that neither the garbage collector nor another process counts. */
const MEASUREMENTS = 4

/** Multiple of the limit beyond which no second measurement is needed. */
const CERTAIN = 20

/** Milliseconds for shrinking a failing input. */
const SHRINK_MS = 10_000

export interface Failure {
  readonly domain: string
  /** Seed and path of fast-check, which reproduce exactly this input. */
  readonly seed: number
  readonly path: string
  readonly problem: string
  /** The smallest failing input that was found, as JavaScript. */
  readonly input: string
}

export interface Slowest {
  /** The time as a fraction of the limit; over 1 is too slow. */
  readonly ofLimit: number
  readonly bytes: number
  readonly ms: number
}

export interface BatchResult {
  readonly inputs: number
  readonly ms: number
  readonly slowest: Slowest
  /** One for each kind of problem that is new to this process in the domain. */
  readonly failures: readonly Failure[]
  /** The number of inputs that failed. */
  readonly failed: number
}

/** Errors that would have ended this process if it did not record them. */
const incidents: string[] = []

const describe = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return `threw ${String(thrown)}`
  const frame = (thrown.stack ?? '').split('\n    at ').find((each) => each.includes('/core/'))
  const where = /core\/[^\s()]+/.exec(frame ?? '')?.[0]
  return `${thrown.name}: ${thrown.message}${where === undefined ? '' : ` (${where})`}`.slice(0, 600)
}

/** Records unhandled rejections and uncaught errors. */
export function watchIncidents(): void {
  process.on('unhandledRejection', (reason) => incidents.push(`unhandled rejection: ${describe(reason)}`))
  process.on('uncaughtException', (error) => incidents.push(`uncaught exception: ${describe(error)}`))
}

/** A problem is identified by its message without numbers and quoted parts, which differ between inputs. */
export const kindOf = (problem: string): string =>
  problem
    .replace(/(["'`]).*\1/s, '…')
    .replace(/\d+(?:\.\d+)?/g, 'N')
    .slice(0, 160)

interface Attempt {
  readonly problem: string | undefined
  readonly ms: number
  /** Milliseconds that the input may take. */
  readonly limit: number
}

async function attempt(domain: AnyDomain, input: unknown): Promise<Attempt> {
  const begin = performance.now()
  let problem: string | undefined
  let outputBytes = 0
  try {
    const pending = domain.check(input)
    if (pending !== undefined) outputBytes = (await pending)?.outputBytes ?? 0
  } catch (error) {
    problem = describe(error)
  }
  const ms = performance.now() - begin
  return { problem, ms, limit: limitMs(sizeOf(input), domain.fixedMs, outputBytes) }
}

/** Problems left behind by inputs: found once everything that they started has run. */
async function leftBehind(domain: AnyDomain): Promise<string | undefined> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  const incident = incidents.splice(0)[0]
  if (incident !== undefined) return incident
  try {
    await domain.settle?.()
    return undefined
  } catch (error) {
    return describe(error)
  }
}

const cpuMsOf = async (domain: AnyDomain): Promise<number> => (await domain.cpuMs?.()) ?? cpuMs()

/** Checks an input and waits for what it left running; measures the time of this process only. */
async function measured(domain: AnyDomain, input: unknown): Promise<Attempt> {
  const worked = await cpuMsOf(domain)
  const { problem, ms, limit } = await attempt(domain, input)
  const wrong = problem ?? (await leftBehind(domain))
  return { problem: wrong, ms: Math.min(ms, (await cpuMsOf(domain)) - worked), limit }
}

/** Checks one input by itself; returns the problem, if any. */
async function judge(domain: AnyDomain, input: unknown): Promise<string | undefined> {
  let least = Number.POSITIVE_INFINITY
  let allowed = 0
  for (let i = 0; i < MEASUREMENTS; i++) {
    const { problem, ms, limit } = await measured(domain, input)
    if (problem !== undefined) return problem
    least = Math.min(least, ms)
    allowed = limit
    if (least <= limit) return undefined
    if (least > CERTAIN * limit) break
  }
  return `too slow: ${least.toFixed(1)} ms for ${sizeOf(input)} bytes, allowed are ${allowed.toFixed(1)} ms`
}

const shown = (input: unknown): string => {
  const text = fc.stringify(input)
  return text.length <= 600 ? text : `${text.slice(0, 400)} … ${text.slice(-100)} (${text.length} characters)`
}

function propertyOf(domain: AnyDomain, kind: string | undefined, onInput: () => void) {
  return fc.asyncProperty(domain.arbitrary, async (input) => {
    onInput()
    const problem = await judge(domain, input)
    if (problem !== undefined && (kind === undefined || kindOf(problem) === kind)) throw new Error(problem)
  })
}

/** The smallest input that fails like one of a batch. */
async function shrink(
  domain: AnyDomain,
  at: { readonly seed: number; readonly path: string },
  { problem, input, onInput }: { problem: string; input: unknown; onInput: () => void },
): Promise<Failure> {
  const details = await fc.check(propertyOf(domain, kindOf(problem), onInput), {
    ...at,
    numRuns: 1,
    interruptAfterTimeLimit: SHRINK_MS,
  })
  const smaller = details.counterexample
  return {
    domain: domain.name,
    seed: at.seed,
    path: details.counterexamplePath ?? at.path,
    problem: (details.errorInstance as Error | null)?.message ?? problem,
    input: shown(smaller === null ? input : smaller[0]),
  }
}

/** Runs exactly one input again, without shrinking it. Undefined if it passes. */
export async function repeat(domain: AnyDomain, seed: number, path: string): Promise<Failure | undefined> {
  const details = await fc.check(
    propertyOf(domain, undefined, () => {}),
    { seed, path, numRuns: 1, endOnFailure: true },
  )
  if (!details.failed) return undefined
  const problem = (details.errorInstance as Error | null)?.message ?? 'failed'
  return { domain: domain.name, seed, path, problem, input: shown(details.counterexample?.[0]) }
}

const inputsOf = (domain: AnyDomain, seed: number, count: number): unknown[] =>
  fc.sample(domain.arbitrary, { seed, numRuns: count })

/** Runs the batches of one domain in this process. */
export class BatchRunner {
  readonly #domain: AnyDomain
  readonly #onInput: () => void
  readonly #kinds = new Set<string>()
  #slowest: Slowest = { ofLimit: 0, bytes: 0, ms: 0 }

  /** @param onInput called before an input that is checked alone, which may take long */
  constructor(domain: AnyDomain, onInput: () => void) {
    this.#domain = domain
    this.#onInput = onInput
  }

  async run(seed: number, count: number): Promise<BatchResult> {
    const begin = performance.now()
    const inputs = inputsOf(this.#domain, seed, count)
    const suspects = await this.#suspects(inputs)
    const failures: Failure[] = []
    let failed = 0
    const isConcurrent = this.#domain.parallel !== undefined
    for (const [i, first] of suspects) {
      this.#onInput()
      const input = inputs[i]
      let problem = await judge(this.#domain, input)
      // Other problems at the same time were caused by its neighbours.
      if (problem === undefined && first !== undefined && !(isConcurrent && failed > 0)) {
        problem = `${first} (not when it is repeated alone)`
      }
      if (problem === undefined) continue
      failed++
      if (this.#kinds.has(kindOf(problem))) continue
      this.#kinds.add(kindOf(problem))
      failures.push(await shrink(this.#domain, { seed, path: String(i) }, { problem, input, onInput: this.#onInput }))
    }
    return { inputs: inputs.length, ms: performance.now() - begin, slowest: this.#slowest, failures, failed }
  }

  /** Checks the inputs one after another and reports each one before: for a batch that ended the process. */
  async runAloud(seed: number, count: number, say: (index: number) => void): Promise<void> {
    for (const [i, input] of inputsOf(this.#domain, seed, count).entries()) {
      say(i)
      await attempt(this.#domain, input)
      await leftBehind(this.#domain)
    }
  }

  /** The inputs of a batch that failed or took long, by index, and why; all of them if that is unknown. */
  async #suspects(inputs: readonly unknown[]): Promise<Map<number, string | undefined>> {
    const suspects = new Map<number, string | undefined>()
    const domain = this.#domain
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < inputs.length) {
        const i = next++
        const input = inputs[i]
        const { problem, ms, limit } = await attempt(domain, input)
        if (problem !== undefined || ms > limit) suspects.set(i, problem)
        else if (this.#isRecord(ms, limit) && domain.parallel === undefined) await this.#noteRecord(input, ms, limit)
      }
    }
    await Promise.all(Array.from({ length: domain.parallel ?? 1 }, lane))
    if ((await leftBehind(domain)) !== undefined)
      for (const i of inputs.keys()) if (!suspects.has(i)) suspects.set(i, undefined)
    if (domain.parallel !== undefined && inputs.length > 0) await this.#sampleAlone(inputs)
    return suspects
  }

  #isRecord(ms: number, limit: number): boolean {
    return ms / limit > this.#slowest.ofLimit
  }

  async #noteRecord(input: unknown, first: number, limit: number): Promise<void> {
    let ms = first
    for (let i = 1; i < MEASUREMENTS && this.#isRecord(ms, limit); i++) {
      ms = Math.min(ms, (await measured(this.#domain, input)).ms)
    }
    if (this.#isRecord(ms, limit)) this.#slowest = { ofLimit: ms / limit, bytes: sizeOf(input), ms }
  }

  /** Times of concurrent inputs are unreliable, so the largest one of a batch is measured alone. */
  async #sampleAlone(inputs: readonly unknown[]): Promise<void> {
    const largest = inputs.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a))
    const { problem, ms, limit } = await attempt(this.#domain, largest)
    if (problem === undefined && this.#isRecord(ms, limit)) await this.#noteRecord(largest, ms, limit)
  }
}
