/** A fuzz run: distributes batches to worker processes, detects dead or hanging ones, and sums up their reports. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { type Failure, kindOf, type Slowest } from './batch.ts'
import type { AnyDomain } from './domain.ts'
import { DOMAINS } from './domains.ts'
import type { Job, Report } from './worker.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

/** Inputs of a batch: few enough for a report every second, even with slow ones. */
const BATCH = 500

/** Milliseconds without a report after which a worker counts as hanging. */
const STALL_MS = 60_000

/** Failing inputs after which a domain is stopped, because more would not help. */
const MOST_FAILED = 300

/** A domain with fewer inputs left is not worth a second process. */
const WORTH_SHARING = 20_000

export interface RunOptions {
  readonly length: 'short' | 'long'
  readonly seed: number
  /** Names; all domains by default. */
  readonly domains?: readonly string[] | undefined
  /** Inputs of all domains together; the numbers of the domains by default. */
  readonly inputs?: number | undefined
  readonly workers?: number
  readonly onProgress?: (results: readonly DomainResult[]) => void
}

export interface DomainResult {
  readonly name: string
  /** The seed of its inputs. */
  readonly seed: number
  readonly planned: number
  inputs: number
  /** Time that workers spent, in milliseconds. */
  ms: number
  failed: number
  deaths: number
  slowest: Slowest
  readonly failures: Failure[]
}

/** Seeds are whole numbers from 0, so that none looks like an option. */
const MOST_SEED = 0x7fffffff

/** The seed of a batch. The first batch has the seed of the domain. */
const batchSeed = (seed: number, batch: number): number => (seed + Math.imul(batch, 0x9e3779b1)) & MOST_SEED

/** A domain's own seed, because the same number for all would repeat the same choices. */
function domainSeed(seed: number, name: string): number {
  let mixed = seed | 0
  for (const character of name) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193)
  return mixed & MOST_SEED
}

class Progress implements DomainResult {
  readonly domain: AnyDomain
  readonly seed: number
  readonly planned: number
  readonly failures: Failure[] = []
  inputs = 0
  ms = 0
  failed = 0
  deaths = 0
  slowest: Slowest = { ofLimit: 0, bytes: 0, ms: 0 }
  #given = 0
  #batches = 0

  constructor(domain: AnyDomain, seed: number, planned: number) {
    this.domain = domain
    this.seed = seed
    this.planned = planned
  }

  get name(): string {
    return this.domain.name
  }

  get left(): number {
    return this.failed >= MOST_FAILED ? 0 : this.planned - this.#given
  }

  next(): Job {
    const count = Math.min(BATCH, this.left)
    this.#given += count
    return { domain: this.name, seed: batchSeed(this.seed, this.#batches++), count }
  }

  add(failure: Failure): void {
    const isKnown = this.failures.some(({ problem }) => kindOf(problem) === kindOf(failure.problem))
    if (!isKnown) this.failures.push(failure)
  }
}

/** A worker process with one job at a time. */
class Worker {
  readonly #child: ChildProcess
  #stderr = ''
  #lastIndex: number | undefined

  constructor() {
    this.#child = fork(path.join(import.meta.dirname, 'worker.ts'), {
      cwd: ROOT,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2000)
    })
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect()
  }

  /** The index of the last input of a batch that reports each input. */
  get lastIndex(): number | undefined {
    return this.#lastIndex
  }

  /** The result of a job; a string if the process died or hung. */
  run(job: Job): Promise<Exclude<Report, { kind: 'alive' | 'next' }> | string> {
    const child = this.#child
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout
      const wait = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => {
          child.kill('SIGKILL')
          end(`the process did not come back within ${STALL_MS / 1000} s`)
        }, STALL_MS)
      }
      const hear = (report: Report): void => {
        wait()
        if (report.kind === 'next') this.#lastIndex = report.index
        else if (report.kind !== 'alive') end(report)
      }
      const died = (code: number | null, signal: string | null): void =>
        end(`the process died (${signal ?? `exit code ${code}`}): ${this.#stderr.trim().slice(-500)}`)
      const end = (outcome: Exclude<Report, { kind: 'alive' | 'next' }> | string): void => {
        clearTimeout(timer)
        child.off('message', hear).off('exit', died)
        resolve(outcome)
      }
      child.on('message', hear).on('exit', died)
      wait()
      child.send(job, (error) => {
        if (error !== null) end(`the process is gone: ${error.message}`)
      })
    })
  }
}

/** The input of a batch that ended its process. */
async function findFatal(job: Job, problem: string): Promise<Failure> {
  const worker = new Worker()
  const outcome = await worker.run({ ...job, aloud: true })
  worker.stop()
  const isFound = typeof outcome === 'string' && worker.lastIndex !== undefined
  return {
    domain: job.domain,
    seed: job.seed,
    path: isFound ? String(worker.lastIndex) : '0',
    problem: isFound ? outcome : `${problem} (not when the batch is run again)`,
    input: isFound ? '(the path gives it)' : '(unknown)',
  }
}

class Run {
  readonly #all: readonly Progress[]
  readonly #taken = new Map<Progress, number>()
  readonly #report: () => void

  constructor(all: readonly Progress[], report: () => void) {
    this.#all = all
    this.#report = report
  }

  /** Runs worker processes one by one until no batch is left. The first lane prefers functions, others HTTP. */
  async lane(kind: AnyDomain['kind']): Promise<void> {
    let worker: Worker | undefined
    for (let progress = this.#choose(kind); progress !== undefined; progress = this.#choose(kind)) {
      this.#taken.set(progress, (this.#taken.get(progress) ?? 0) + 1)
      while (progress.left > 0) {
        worker ??= new Worker()
        const isAlive = await this.#batch(worker, progress)
        this.#report()
        if (!isAlive) worker = undefined
      }
      this.#taken.set(progress, (this.#taken.get(progress) ?? 1) - 1)
    }
    worker?.stop()
  }

  /** A domain without another lane, or else one to share. */
  #choose(kind: AnyDomain['kind']): Progress | undefined {
    const open = this.#all.filter(({ left }) => left > 0)
    const free = open.filter((each) => (this.#taken.get(each) ?? 0) === 0)
    const others = free.filter((each) => each.domain.kind !== kind && each.left > WORTH_SHARING)
    return (
      free.find((each) => each.domain.kind === kind) ??
      others.at(-1) ??
      open.find((each) => each.left > WORTH_SHARING && !free.includes(each))
    )
  }

  /** Whether the worker can take another batch. */
  async #batch(worker: Worker, progress: Progress): Promise<boolean> {
    const job = progress.next()
    const outcome = await worker.run(job)
    if (typeof outcome !== 'string' && outcome.kind === 'batch') {
      const { inputs, ms, failed, failures, slowest } = outcome.result
      progress.inputs += inputs
      progress.ms += ms
      progress.failed += failed
      if (slowest.ofLimit > progress.slowest.ofLimit) progress.slowest = slowest
      for (const failure of failures) progress.add(failure)
      return true
    }
    progress.failed++
    progress.deaths++
    const problem = typeof outcome === 'string' ? outcome : outcome.kind === 'broken' ? outcome.problem : 'no result'
    progress.add(await findFatal(job, problem))
    worker.stop()
    return false
  }
}

/** The number of inputs of each domain, in proportion to its own number. */
function plan({ length, seed, domains, inputs }: RunOptions): Progress[] {
  const unknown = domains?.filter((name) => !DOMAINS.some((each) => each.name === name)) ?? []
  if (unknown.length > 0) {
    throw new Error(
      `There is no fuzz domain '${unknown[0]}'. There are: ${DOMAINS.map(({ name }) => name).join(', ')}.`,
    )
  }
  const chosen = DOMAINS.filter(({ name }) => domains === undefined || domains.includes(name))
  const usual = chosen.reduce((sum, domain) => sum + domain.inputs[length], 0)
  const scale = inputs === undefined ? 1 : inputs / usual
  return chosen.map(
    (domain) => new Progress(domain, domainSeed(seed, domain.name), Math.ceil(domain.inputs[length] * scale)),
  )
}

/** Runs all batches. Failing inputs do not reject it: they are in the results. */
export async function runFuzz(options: RunOptions): Promise<readonly DomainResult[]> {
  const all = plan(options)
  const run = new Run(all, () => options.onProgress?.(all))
  const lanes = Array.from({ length: options.workers ?? 2 }, (_, i) => run.lane(i === 0 ? 'in process' : 'http'))
  await Promise.all(lanes)
  // A lane ends when the rest does not justify another process, so one domain may still be open.
  await run.lane('in process')
  await run.lane('http')
  return all
}

/** Runs one input again; returns the failure, or undefined if it passes. */
export async function repeatInput(domain: string, seed: number, at: string): Promise<Failure | undefined> {
  const worker = new Worker()
  const outcome = await worker.run({ domain, seed, path: at, count: 1 })
  worker.stop()
  if (typeof outcome !== 'string' && outcome.kind === 'repeated') return outcome.failure
  const problem = typeof outcome === 'string' ? outcome : outcome.kind === 'broken' ? outcome.problem : 'no result'
  return { domain, seed, path: at, problem, input: '(unknown)' }
}

/** The seed in FUZZ_SEED, or a random one. */
export const chooseSeed = (): number =>
  Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * MOST_SEED)) & MOST_SEED
