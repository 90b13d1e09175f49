/** What a load generator is given and what it returns. */

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
