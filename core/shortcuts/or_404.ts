/** What a query found, or a 404. */
import { Http404 } from '#core/exceptions'

type Awaitable<T> = T | PromiseLike<T>

/** A query for one object found several. */
export class MultipleObjectsReturned extends Error {
  override readonly name = 'MultipleObjectsReturned'
}

/**
 * The one object that was found: a value, a promise of one, or a query that can be awaited
 * (`getObjectOr404(connection('polls').where({ id }).first())`). Of a list its one entry.
 * @param message what the 404 page says under DEBUG
 * @throws Http404 when nothing was found, MultipleObjectsReturned for a list of several
 */
export function getObjectOr404<T>(found: Awaitable<readonly T[]>, message?: string): Promise<T>
export function getObjectOr404<T>(found: Awaitable<T | null | undefined>, message?: string): Promise<T & {}>
export async function getObjectOr404(found: unknown, message = 'No object matches the given query.'): Promise<unknown> {
  const value = await found
  const several: unknown[] = Array.isArray(value) ? value : [value]
  if (several.length > 1) {
    throw new MultipleObjectsReturned(`getObjectOr404() wants one object, but the query found ${several.length}.`)
  }
  const [object] = several
  if (object === undefined || object === null) throw new Http404(message)
  return object
}

/**
 * The objects that were found, at least one: a list, a promise of one, or a query that can be awaited.
 * @throws Http404 when the list is empty
 */
export async function getListOr404<T>(
  found: Awaitable<Iterable<T>>,
  message = 'No object matches the given query.',
): Promise<T[]> {
  const list = Array.from(await found)
  if (list.length === 0) throw new Http404(message)
  return list
}
