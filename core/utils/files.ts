/** Files that are written completely or not at all, and locks between processes. */
import { closeSync, fstatSync, futimesSync, lstatSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ServiceUnavailable } from '../exceptions.ts'
import { clock } from './clock.ts'
import { randomString } from './secrets.ts'

export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

/** The result of `work`; undefined if its file does not exist. */
export function ifThere<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Writes a new file that only its owner can read. Its times are those of the clock of this process, not of a file server.
 * @throws EEXIST if the file exists
 */
export function writeNewFile(file: string, content: string | Uint8Array): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    fill(descriptor, content)
  } catch (error) {
    // If the disk is full, an incomplete file is left.
    unlinkSync(file)
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function fill(descriptor: number, content: string | Uint8Array): void {
  // Unlike a single write, this writes everything.
  writeFileSync(descriptor, content)
  futimesSync(descriptor, clock.now() / 1000, clock.now() / 1000)
}

/** Replaces a file atomically: readers see the old content or the new one. */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const temporary = `${file}_out_${randomString(8)}`
  try {
    writeNewFile(temporary, content)
    renameSync(temporary, file)
  } catch (error) {
    ifThere(() => unlinkSync(temporary))
    throw error
  }
}

/** An older lock was left behind by a process that died. */
const STALE_MS = 5_000

/** By how much the clock of a file server may be ahead. A lock from later than that would never become stale. */
const MAX_SKEW_MS = 60_000

/** How long to wait for a lock. */
const TIMEOUT_MS = 10_000

/** Whether another process broke the lock while this one was suspended. The file with its name is then another lock. */
const isLost = (descriptor: number): boolean => fstatSync(descriptor).nlink === 0

/**
 * A lock of a file for all processes that use the same directory: a second file, which only one of them can create.
 * It is held for synchronous work only, so that it is never held for long.
 */
export class FileLock {
  readonly #file: string
  readonly #lock: string

  constructor(file: string) {
    this.#file = file
    this.#lock = path.join(path.dirname(file), `.lock-${path.basename(file)}`)
  }

  /** Runs `work` if the lock is free. @returns whether it was */
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
   * @throws ServiceUnavailable if it does not become free within 10 seconds
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
   * Replaces the file with the result of `content` as soon as the lock is free. The lock file itself becomes the new file,
   * which saves creating one file and removing another.
   * @throws ServiceUnavailable if the lock does not become free within 10 seconds, and what `content` throws. The file is
   * then unchanged.
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
      if (performance.now() - started > TIMEOUT_MS) {
        throw new ServiceUnavailable(`The lock of a file was not released within ${TIMEOUT_MS / 1000} seconds.`)
      }
    }
  }

  /** The descriptor of the lock; undefined if another process holds it. */
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

  /** Removes the lock of a process that died. It is renamed first, so that only one process can remove it. */
  #breakIfStale(): void {
    ifThere(() => {
      const seen = lstatSync(this.#lock)
      if (!seen.isFile()) throw new ServiceUnavailable('Something that is not a file has the name of a lock file.')
      const age = Date.now() - seen.mtimeMs
      if (age < STALE_MS && age > -MAX_SKEW_MS) return
      const taken = `${this.#lock}-${randomString(8)}`
      renameSync(this.#lock, taken)
      // Another process may have created a new lock before the rename. It is renamed back.
      if (lstatSync(taken).ino === seen.ino) unlinkSync(taken)
      else renameSync(taken, this.#lock)
    })
  }
}
