/** What a request has changed in a session, key by key, so that it can be done again over newer data. */
import { setOwn } from '#core/serialization'
import { dumpsPickle, loadsPickle, plainText } from '#core/serialization/pickle'
import type { SessionDict } from './store.ts'

/** Changes that do not refer to the data they were made in. A value is kept as a pickle: undefined for a deleted key. */
export interface ChangeSet {
  readonly cleared: boolean
  readonly values: ReadonlyMap<string, string | undefined>
}

/** Changes that are being saved. */
export interface SaveInProgress {
  readonly cleared: boolean
  readonly keys: ReadonlySet<string>
}

const NO_KEYS: ReadonlySet<string> = new Set()

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The serialized value of a key; undefined where the key is not there. */
export const textOfKey = (data: Readonly<SessionDict>, key: string): string | undefined =>
  Object.hasOwn(data, key) ? plainText(data[key]) : undefined

/**
 * Keeps book over one dict. A key is noted when it is assigned or deleted. An object or list that is handed out may be
 * changed in place, so its serialized form is kept and compared when the changes are read.
 */
export class ChangeTracker {
  /** Both are undefined as long as there are none: most requests change nothing, and many only one key. */
  #keys: Set<string> | undefined
  #lent: Map<string, string> | undefined
  #cleared = false

  /** A key was assigned or deleted. */
  markChanged(key: string): void {
    if (this.#keys === undefined) this.#keys = new Set()
    this.#keys.add(key)
    this.#lent?.delete(key)
  }

  /** Everything was removed. */
  markCleared(): void {
    this.#reset()
    this.#cleared = true
  }

  /** A value is being handed out. */
  snapshot(key: string, value: unknown): void {
    if (!isContainer(value) || this.#lent?.has(key) === true || this.#keys?.has(key) === true) return
    if (this.#lent === undefined) this.#lent = new Map()
    this.#lent.set(key, plainText(value))
  }

  /**
   * The serialized values that the changed keys had before; undefined for a key that was not there.
   * @param original a shallow copy of the content before the changes
   */
  originalTexts(data: Readonly<SessionDict>, original: Readonly<SessionDict>): Map<string, string | undefined> {
    const keys = Array.from(this.keys(data))
    return new Map(keys.map((key) => [key, this.#lent?.get(key) ?? textOfKey(original, key)]))
  }

  /** The keys that differ from what was read. */
  keys(data: Readonly<SessionDict>): Set<string> {
    const keys = new Set(this.#keys)
    for (const [key, text] of this.#lent ?? []) {
      if (plainText(data[key], `session.${key}`) !== text) keys.add(key)
    }
    return keys
  }

  /** Whether a key was assigned or deleted, or everything removed, since the last save. Changes inside values do not count. */
  get hasMarked(): boolean {
    return this.#cleared || this.#keys !== undefined
  }

  /** Whether there is anything to save. */
  any(data: Readonly<SessionDict>): boolean {
    return this.#cleared || this.#keys !== undefined || (this.#lent !== undefined && this.keys(data).size > 0)
  }

  changeSet(data: Readonly<SessionDict>): ChangeSet {
    const values = new Map<string, string | undefined>()
    for (const key of this.keys(data)) {
      values.set(key, Object.hasOwn(data, key) ? dumpsPickle(data[key], `session.${key}`) : undefined)
    }
    return { cleared: this.#cleared, values }
  }

  /**
   * The changes are on their way to the store. What is changed from now on is another save's; what the request holds
   * in its hands stays under observation.
   */
  beginSave(data: Readonly<SessionDict>): SaveInProgress {
    const [written, lent] = [this.#keys, this.#lent]
    const begun = { cleared: this.#cleared, keys: lent === undefined ? (written ?? NO_KEYS) : this.keys(data) }
    this.#reset()
    for (const held of [written, lent?.keys()]) {
      for (const key of held ?? []) if (Object.hasOwn(data, key)) this.snapshot(key, data[key])
    }
    return begun
  }

  /** They did not arrive. */
  rollbackSave({ cleared, keys }: SaveInProgress): void {
    this.#cleared ||= cleared
    for (const key of keys) this.markChanged(key)
  }

  /** Replaces the record by changes that are to be applied again. */
  restore(pending: ChangeSet): void {
    this.#reset()
    this.#cleared = pending.cleared
    for (const key of pending.values.keys()) this.markChanged(key)
  }

  #reset(): void {
    this.#keys = undefined
    this.#lent = undefined
    this.#cleared = false
  }
}

/**
 * Makes changes again over newer data.
 * @param fresh the newer data, which is changed
 * @param held the data the request has in its hands: its objects are used again where they say the same
 */
export function replay(pending: ChangeSet, fresh: SessionDict, held: Readonly<SessionDict>): SessionDict {
  const data: SessionDict = pending.cleared ? {} : fresh
  for (const [key, text] of pending.values) {
    if (text === undefined) delete data[key]
    else setOwn(data, key, Object.hasOwn(held, key) && dumpsPickle(held[key]) === text ? held[key] : loadsPickle(text))
  }
  for (const key of Object.keys(data)) {
    // A list the view read and did not change stays the same list, so that changing it later is still seen.
    const mine = held[key]
    if (isContainer(mine) && !pending.values.has(key) && plainText(mine) === plainText(data[key])) {
      setOwn(data, key, mine)
    }
  }
  return data
}
