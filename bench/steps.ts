/** Counts the JavaScript steps of an operation: function calls and loop iterations. */
import { Session } from 'node:inspector/promises'

/**
 * Counts steps from its start. For code that was compiled before, only calls are counted, not loops, so start it before
 * the measured modules are imported.
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

  /** The steps since the start or the last call: entries into functions, and into blocks with their own counters. */
  async take(): Promise<number> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    let steps = 0
    for (const { url, functions } of result) {
      // Do not count this method itself.
      if (url === import.meta.url) continue
      for (const { ranges } of functions) for (const { count } of ranges) steps += count
    }
    return steps
  }
}
