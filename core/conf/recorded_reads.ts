/** Records which settings are read while a value is built, so that the value can be built again when one of them differs. */

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

/** The record of the synchronous build that is running: of the innermost one. */
let synchronous: RecordedReads | undefined

/**
 * The records of the asynchronous builds that are running. A read outside a synchronous build is noted in all of them,
 * also if other code reads: a value that depends on one setting more is at worst built once more. An AsyncLocalStorage
 * would tell who reads, but V8 keeps promises slower for the rest of the process once one has been used.
 */
const asynchronous = new Set<RecordedReads>()

let isRecording = false
let onChange: (isRecording: boolean) => void = () => {}

/** Sets the function that is called when recording begins and when it ends. */
export function whenRecordingChanges(listener: (isRecording: boolean) => void): void {
  onChange = listener
}

function update(): void {
  const before = isRecording
  isRecording = synchronous !== undefined || asynchronous.size > 0
  if (isRecording !== before) onChange(isRecording)
}

/** The records of the builds that the running code may belong to; none outside of builds. */
const currentReads = (): Iterable<RecordedReads> => (synchronous === undefined ? asynchronous : [synchronous])

/** Whether a build is running, so that reads are noted. */
export const isRecordingReads = (): boolean => isRecording

/** Notes that the running code has read a setting. */
export function noteRead(name: string, value: unknown): void {
  for (const reads of currentReads()) reads.note(name, value)
}

/** Notes that the running code has used a value that was built from settings. */
export function noteReadsOf(built: RecordedReads): void {
  for (const reads of currentReads()) reads.include(built)
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
  try {
    return { reads, value: runSync(reads, build) }
  } finally {
    reads.complete()
    noteReadsOf(reads)
  }
}

/** As `recordSync`, for a value that is built asynchronously. What other code reads meanwhile is recorded, too. */
export async function recordAsync<T>(build: () => Promise<T>): Promise<{ reads: RecordedReads; value: T }> {
  const reads = new RecordedReads()
  asynchronous.add(reads)
  update()
  try {
    return { reads, value: await runSync(undefined, build) }
  } finally {
    reads.complete()
    asynchronous.delete(reads)
    update()
  }
}
