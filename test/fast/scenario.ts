/** What both modes are compared on: random input, and what becomes of it in one mode. */
import type * as fc from 'fast-check'

/** Milliseconds since the epoch at the beginning of each run: the time of day must not differ between the modes. */
export const START = 1_750_000_000_000

/** One kind of state that inputs run against: an engine, a backend, or nothing. */
export interface Target {
  readonly name: string
  readonly available: boolean
  /** Why it is not available. */
  readonly reason: string
}

export interface Runner<Input> {
  /** What is returned and what is stored, without what differs from process to process. */
  run(input: Input): Promise<unknown>
  close(): Promise<void>
}

export interface Scenario<Input> {
  readonly name: string
  readonly arbitrary: fc.Arbitrary<Input>
  /** Inputs for each target. */
  readonly runs: number
  targets(): Promise<readonly Target[]>
  /** Called in a process of each mode. */
  open(target: string): Promise<Runner<Input>>
}

/** A scenario whose type of input only itself knows. */
export type AnyScenario = Scenario<unknown>

/** A target that needs nothing but this process. */
export const ALWAYS: readonly Target[] = [{ name: 'in this process', available: true, reason: '' }]

/** What an error says, for comparison. Parsers of JSON word theirs differently. */
export function described(error: unknown): unknown {
  if (error instanceof SyntaxError) return { error: error.name }
  return error instanceof Error ? { error: error.name, message: error.message } : { thrown: String(error) }
}

/** The result of a call, or its error. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return described(error)
  }
}
