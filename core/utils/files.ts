/** Files that are whole or not there, and locks between processes. */
import { closeSync, fstatSync, futimesSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ServiceUnavailable } from '../exceptions.ts'
import { clock } from './clock.ts'
import { randomText } from './random.ts'

export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/** Runs `work`; where its file is not there, undefined. */
export function ifThere<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Writes a file that must not be there yet, for its owner alone. It bears our clock's time, not that of a file server.
 * @throws EEXIST where it is
 */
export function writeNewFile(file: string, content: string | Uint8Array): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    fill(descriptor, content)
  } catch (error) {
    // A full disk leaves half a file, which nobody must find.
    unlinkSync(file)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function fill(descriptor: number, content: string | Uint8Array): void {
  // Unlike a single write, this goes on until all is written.
  writeFileSync(descriptor, content)
  futimesSync(descriptor, clock.now() / 1000, clock.now() / 1000)
}

/** Puts a complete file in the place of an old one: whoever reads sees one or the other. */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const temporary = `${file}_out_${randomText(8)}`
  try {
    writeNewFile(temporary, content)
    renameSync(temporary, file)
  } catch (error) {
    ifThere(() => unlinkSync(temporary))
    throw error
  }
}

/** Milliseconds after which a lock was left behind by a process that died. */
const STALE_AFTER = 5_000

/** Milliseconds by which a file server's clock may be ahead. A lock from later than that would never get old. */
const MOST_SKEW = 60_000

/** Milliseconds to wait for a lock before giving up. */
const PATIENCE = 10_000

/** Whether a lock was taken away from a process that stood still for long: what bears its name by now is another's. */
const isLost = (descriptor: number): boolean => fstatSync(descriptor).nlink === 0

/**
 * The lock of a file, among all processes that use the same folder: a file beside it that only one can create.
 * What is done under it must not wait, so that it is never held for long.
 */
export class FileLock {
  readonly #file: string
  readonly #lock: string

  constructor(file: string) {
    this.#file = file
    this.#lock = path.join(path.dirname(file), `.lock-${path.basename(file)}`)
  }

  /** Runs `work` if the lock is free at this moment; says whether it did. */
  try(work: () => void): boolean {
    const descriptor = this.#take()
    if (descriptor === undefined) return false
    try {
      work()
      return true
    } finally {
      this.#release(descriptor)
    }
  }

  /**
   * Runs `work` as soon as the lock is free.
   * @throws ServiceUnavailable when it does not become free
   */
  async run<T>(work: () => T): Promise<T> {
    const descriptor = this.#take() ?? (await this.#wait())
    try {
      return work()
    } finally {
      this.#release(descriptor)
    }
  }

  /**
   * Puts what `content` gives in the place of the file, as soon as the lock is free. The lock itself becomes the new
   * file: two files to make and one to remove would cost twice as much as the whole save.
   * @throws ServiceUnavailable when the lock does not become free; what `content` throws, and the file stays
   */
  async replace(content: () => string | Uint8Array): Promise<void> {
    const descriptor = this.#take() ?? (await this.#wait())
    try {
      fill(descriptor, content())
      if (isLost(descriptor)) throw new ServiceUnavailable('The lock of a file was lost in a long pause.')
      renameSync(this.#lock, this.#file)
      closeSync(descriptor)
    } catch (error) {
      this.#release(descriptor)
      throw error
    }
  }

  async #wait(): Promise<number> {
    const started = performance.now()
    for (;;) {
      await pause(Math.random() * 2)
      const descriptor = this.#take()
      if (descriptor !== undefined) return descriptor
      if (performance.now() - started > PATIENCE) {
        throw new ServiceUnavailable(`The lock of a file was not released within ${PATIENCE / 1000} seconds.`)
      }
    }
  }

  /** The lock's descriptor; undefined where somebody else has it. */
  #take(): number | undefined {
    try {
      return openSync(this.#lock, 'wx', 0o600)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      this.#breakIfStale()
      return undefined
    }
  }

  #release(descriptor: number): void {
    if (!isLost(descriptor)) ifThere(() => unlinkSync(this.#lock))
    closeSync(descriptor)
  }

  /** Takes away the lock of a process that died. Renaming makes sure that two cannot both take it away. */
  #breakIfStale(): void {
    ifThere(() => {
      const seen = lstatSync(this.#lock)
      if (!seen.isFile())
        throw new ServiceUnavailable('The place of a lock file is taken by something that is not a file.')
      const age = Date.now() - seen.mtimeMs
      if (age < STALE_AFTER && age > -MOST_SKEW) return
      const taken = `${this.#lock}-${randomText(8)}`
      renameSync(this.#lock, taken)
      // Between the look and the rename somebody may have made a new lock: it goes back.
      if (lstatSync(taken).ino === seen.ino) unlinkSync(taken)
      else renameSync(taken, this.#lock)
    })
  }
}
