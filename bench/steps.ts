/** How many steps of JavaScript something takes: calls of functions and turns of loops, counted and not timed. */
import { Session } from 'node:inspector/promises'

/**
 * Counts from now on. What is compiled before that has its calls counted and not its loops, so this comes before the
 * modules that are to be looked at.
 */
export class StepCounter {
  readonly #session = new Session()

  static async start(): Promise<StepCounter> {
    const counter = new StepCounter()
    counter.#session.connect()
    await counter.#session.post('Profiler.enable')
    await counter.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    return counter
  }

  /** Steps since the start, or since this was last asked: entries into functions, and into blocks of their own count. */
  async take(): Promise<number> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    let steps = 0
    for (const { url, functions } of result) {
      // The last look at what was counted is not to be counted itself.
      if (url === import.meta.url) continue
      for (const { ranges } of functions) for (const { count } of ranges) steps += count
    }
    return steps
  }
}
