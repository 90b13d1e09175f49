/** Runs autocannon with the plan from a file and prints the result as one line of JSON. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { LoadResult, Plan } from './contract.ts'

interface Request {
  readonly method: 'GET'
  readonly path: string
  readonly headers: Record<string, string>
}

interface Client {
  setRequests(requests: Request[]): void
}

interface Options {
  readonly url: string
  readonly connections: number
  readonly duration: number
  /** Sampling interval in milliseconds. */
  readonly sampleInt: number
  readonly timeout: number
  readonly setupClient: (client: Client) => void
}

interface Result {
  readonly requests: { readonly total: number }
  readonly latency: { readonly p50: number; readonly p99: number }
  readonly duration: number
  readonly '2xx': number
  readonly non2xx: number
  readonly errors: number
}

// The package has no type declarations.
const autocannon = createRequire(import.meta.url)('autocannon') as (options: Options) => Promise<Result>

const plan = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as Plan

const requests = (plan.cookies.length === 0 ? [{}] : plan.cookies.map((Cookie) => ({ Cookie }))).map(
  (headers): Request => ({ method: 'GET', path: plan.path, headers: headers as Record<string, string> }),
)

let clients = 0

/** Assigns separate sessions to each connection, so that requests of one session do not overlap. */
function shareOf(client: Client): void {
  const connection = clients++ % plan.connections
  const own = requests.filter((_, index) => index % plan.connections === connection)
  client.setRequests(own.length === 0 ? requests : own)
}

const result = await autocannon({
  url: `http://127.0.0.1:${plan.port}`,
  connections: plan.connections,
  duration: plan.seconds,
  sampleInt: 100,
  timeout: 10,
  setupClient: shareOf,
})

const figures: LoadResult = {
  answered: result['2xx'] + result.non2xx,
  seconds: result.duration,
  p50: result.latency.p50,
  p99: result.latency.p99,
  refused: result.non2xx,
  failed: result.errors,
}
process.stdout.write(`${JSON.stringify(figures)}\n`)
