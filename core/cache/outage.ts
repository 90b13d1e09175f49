/** An outage of a cache's server: one line in the log when it begins, one when it is over, and an error for callers. */
import { ServiceUnavailable } from '#core/exceptions'
import { getLogger } from '#core/utils'

const log = getLogger('django.cache')

/** Milliseconds for which a server that answers, but refuses, is not logged again. */
const QUIET = 60_000

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}

export class Outage {
  readonly #name: string
  #isOn = false
  #refusedAt = Number.NEGATIVE_INFINITY

  /** @param where host and port, folder or database, without a password */
  constructor(alias: string, where: string) {
    this.#name = `The cache '${alias}' (${where})`
  }

  /** The server cannot be reached, or does not answer. */
  began(error: unknown): ServiceUnavailable {
    const failed = this.failed(error)
    if (!this.#isOn) log.error(failed.message)
    this.#isOn = true
    return failed
  }

  /** The server answered that it cannot do it now. */
  refused(error: unknown): ServiceUnavailable {
    const failed = this.failed(error)
    const now = performance.now()
    if (now - this.#refusedAt > QUIET) log.error(failed.message)
    this.#refusedAt = now
    return failed
  }

  /** Something succeeded. */
  ended(): void {
    if (!this.#isOn) return
    this.#isOn = false
    log.info(`${this.#name} works again.`)
  }

  /** The error for a caller, without a line in the log. */
  failed(cause: unknown): ServiceUnavailable {
    return new ServiceUnavailable(`${this.#name} failed: ${reasonOf(cause)}`, { cause })
  }
}
