/** Promises in a template's context: using one is an error of the page, and each rejection is handled. */
import { getLogger } from '#core/utils'

const log = getLogger('django.template')

// Promises whose rejection is already handled, so that each is logged only once.
const handled = new WeakSet<object>()

/** How many values `handlePromisesIn` visits. */
const MAX_VISITED = 10_000

/** A template uses a promise. Rendering is synchronous, so it cannot wait for the value. */
export class UnawaitedPromise extends TypeError {
  override readonly name = 'UnawaitedPromise'
}

/** A promise, or anything else with a `then` method. */
function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

function logRejection(reason: unknown): void {
  log.error(
    'A promise in the context of a template rejected.',
    reason ?? new Error(`It rejected with ${String(reason)}.`),
  )
}

/**
 * Logs the rejection of a promise, which would otherwise end the process as unhandled. Other values are left alone:
 * calling `then` of a query builder would run the query.
 */
export function handlePromise(value: unknown): void {
  if (!(value instanceof Promise) || handled.has(value)) return
  handled.add(value)
  // The built-in method: a subclass could override it.
  void Promise.prototype.then.call(value, undefined, logRejection)
}

/**
 * Returns the value, unless it is a promise.
 * @param what the value's name in the error: `'user.load'`
 * @throws UnawaitedPromise
 */
export function refusePromise<T>(value: T, what: string): T {
  if (!isPromise(value)) return value
  handlePromise(value)
  throw new UnawaitedPromise(`${what} is a promise. Templates cannot wait: await it in the view, and pass the result.`)
}

/** Handles the promises that are variables of a context. */
export function handlePromisesOf(variables: Readonly<Record<string, unknown>>): void {
  for (const value of Object.values(variables)) if (typeof value === 'object') handlePromise(value)
}

const partsOf = (value: object): Iterable<unknown> => {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>
  if (value instanceof Map) return value.values()
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return []
  // Getters are not called: they could fail, or start more work.
  return Object.values(Object.getOwnPropertyDescriptors(value)).map((descriptor): unknown => descriptor.value)
}

/** Handles all promises in a context, its lists and its plain objects, for a page that has failed. */
export function handlePromisesIn(context: object): void {
  const values: unknown[] = [context]
  const seen = new Set<unknown>()
  for (let i = 0; i < values.length && i < MAX_VISITED; i++) {
    const value = values[i]
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    try {
      handlePromise(value)
      for (const part of partsOf(value)) if (typeof part === 'object' && part !== null) values.push(part)
    } catch {
      // A proxy that throws has no parts to visit.
    }
  }
}
