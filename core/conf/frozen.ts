/** Settings are frozen. A driver gets a copy of its options, because many drivers change the options that they get. */
import { isPlainObject } from './formats.ts'

/** Freezes plain objects and lists, and those inside them. Instances of classes, and functions, are not frozen. */
export function deepFreeze<T>(value: T): T {
  if (Array.isArray(value) || isPlainObject(value)) {
    if (Object.isFrozen(value)) return value
    // Frozen before what is inside it, so that a value that contains itself does not recurse forever.
    Object.freeze(value)
    for (const entry of Object.values(value)) deepFreeze(entry)
  }
  return value
}

/**
 * A copy that can be changed: of plain objects and lists, and of those inside them. Instances of classes, such as a Buffer,
 * and functions are the same in the copy.
 */
export function mutableCopy<T>(value: T): T {
  return copyOf(value, new Map()) as T
}

function copyOf(value: unknown, copies: Map<unknown, unknown>): unknown {
  if (!Array.isArray(value) && !isPlainObject(value)) return value
  // An object that is in two places, or contains itself, is copied once.
  const known = copies.get(value)
  if (known !== undefined) return known
  const copy = (Array.isArray(value) ? [] : {}) as Record<string, unknown>
  copies.set(value, copy)
  for (const [name, each] of Object.entries(value)) copy[name] = copyOf(each, copies)
  return copy
}
