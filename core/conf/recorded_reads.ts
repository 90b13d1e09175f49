/** Records which settings are read while a value is built, so that the value can be built again when one of them differs. */
import { AsyncLocalStorage } from 'node:async_hooks'

type Values = Readonly<Record<string, unknown>>

/** Differs from every value that a setting can have. */
const INCONSISTENT = Symbol('read with different values')

/** The settings that a value was built from, with the values that they had. */
export class RecordedReads {
  readonly #values = new Map<string, unknown>()
  #isComplete = false

  note(name: string, value: unknown): void {
    if (this.#isComplete) return
    const known = this.#values.get(name)
    // Other settings came into force while the value was built. What was built from both fits neither.
    const isSame = !this.#values.has(name) || Object.is(known, value)
    this.#values.set(name, isSame ? value : INCONSISTENT)
  }

  include(others: RecordedReads): void {
    for (const [name, value] of others.#values) this.note(name, value)
  }

  /** Ignores later reads: code that the build started may go on after it. */
  complete(): void {
    this.#isComplete = true
  }

  /** Whether each of the settings has the value that was read. */
  fit(values: Values): boolean {
    for (const [name, value] of this.#values) if (!Object.is(values[name], value)) return false
    return true
  }
}

/** The record of the synchronous build that is running, and of the asynchronous one that the running code belongs to. */
let synchronous: RecordedReads | undefined
const asynchronous = new AsyncLocalStorage<RecordedReads>()
let pending = 0

let isRecording = false
let onChange: (isRecording: boolean) => void = () => {}

/** Sets the function that is called when recording begins and when it ends. */
export function whenRecordingChanges(listener: (isRecording: boolean) => void): void {
  onChange = listener
}

function update(): void {
  const before = isRecording
  isRecording = synchronous !== undefined || pending > 0
  if (isRecording !== before) onChange(isRecording)
}

/** The record that the running code reads for; undefined outside a build. */
export function currentReads(): RecordedReads | undefined {
  return isRecording ? (synchronous ?? asynchronous.getStore()) : undefined
}

/** Notes that the running code has read a setting. */
export function noteRead(name: string, value: unknown): void {
  if (isRecording) currentReads()?.note(name, value)
}

function runSync<T>(reads: RecordedReads | undefined, work: () => T): T {
  const before = synchronous
  synchronous = reads
  update()
  try {
    return work()
  } finally {
    synchronous = before
    update()
  }
}

/**
 * Builds a value, and records what it reads. A surrounding build has read the same, also where this one throws: with
 * other settings it may succeed.
 */
export function recordSync<T>(build: () => T): { reads: RecordedReads; value: T } {
  const reads = new RecordedReads()
  const outer = currentReads()
  try {
    return { reads, value: runSync(reads, build) }
  } finally {
    reads.complete()
    outer?.include(reads)
  }
}

/** As `recordSync`, for a value that is built asynchronously. Reads of code that runs meanwhile are not recorded. */
export async function recordAsync<T>(build: () => Promise<T>): Promise<{ reads: RecordedReads; value: T }> {
  const reads = new RecordedReads()
  const outer = currentReads()
  pending++
  update()
  try {
    const value = await asynchronous.run(reads, () => runSync(undefined, build))
    return { reads, value }
  } finally {
    reads.complete()
    outer?.include(reads)
    pending--
    // An enabled store costs every promise of the process.
    if (pending === 0) asynchronous.disable()
    update()
  }
}
