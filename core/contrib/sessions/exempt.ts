/** The mark of views that do without their session being loaded. */

const EXEMPT = 'sessionExempt'

/**
 * Marks a view: its session is not read before it runs. The view may still `await request.session.load()`, and
 * `flush()` costs one trip instead of two.
 */
export function sessionExempt<V extends (...args: never[]) => unknown>(view: V): V {
  return Object.assign(view, { [EXEMPT]: true })
}

export const isSessionExempt = (view: unknown): boolean =>
  typeof view === 'function' && (view as { sessionExempt?: unknown }).sessionExempt === true
