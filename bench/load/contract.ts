/** The interface of load generators. */

export interface Plan {
  readonly port: number
  readonly path: string
  /** Cookie headers that the requests use in rotation. Empty for requests without cookies. */
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
  /** Responses with a status other than 200. */
  readonly refused: number
  /** Requests without a response: connection errors and timeouts. */
  readonly failed: number
}

export interface Generator {
  readonly name: string
  run(plan: Plan): Promise<LoadResult>
}
