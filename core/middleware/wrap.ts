/** Puts something around a view, or a mark on it, without touching the view itself: elsewhere it may be routed bare. */
import type { View } from '#core/http'

type Call = (...args: Parameters<View>) => ReturnType<View>

/** A view of the same name and marks that does `call` instead; without `call`, what the view does. */
export function wrapView<V extends View>(view: V, marks: object = {}, call: Call = (...args) => view(...args)): V {
  // Urls name a match without a name after its function.
  const wrapped = Object.defineProperty((...args: Parameters<View>) => call(...args), 'name', { value: view.name })
  return Object.assign(wrapped, view, marks) as V
}
