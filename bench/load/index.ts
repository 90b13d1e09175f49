/** Load generators: wrk where it is installed, autocannon where it is not. */
import { isInstalled } from '../processes.ts'
import { autocannon } from './autocannon.ts'
import { wrk } from './wrk.ts'

export interface Plan {
  readonly port: number
  readonly path: string
  /** Cookie headers that the requests carry in turn; none for requests without one. */
  readonly cookies: readonly string[]
  readonly connections: number
  readonly seconds: number
}

export interface LoadResult {
  readonly answered: number
  readonly seconds: number
  /** Latencies in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Answers with another status than 200. */
  readonly refused: number
  /** Requests without an answer: connections that broke, timeouts. */
  readonly failed: number
}

export interface Generator {
  readonly name: string
  run(plan: Plan): Promise<LoadResult>
}

export const GENERATORS: Readonly<Record<string, Generator>> = { wrk, autocannon }

export const generator = (): Generator => (isInstalled('wrk') ? wrk : autocannon)
