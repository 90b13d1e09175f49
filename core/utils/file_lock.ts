/** Locks of files between processes: also between those of several containers and machines that share a directory. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { setImmediate, setTimeout as pause } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { ServiceUnavailable } from '../exceptions.ts'
import { errorCode, fill, ifThere } from './files.ts'
import { ifReadable } from './log.ts'
import { randomString } from './secrets.ts'

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
  /** The lock of another process while this one waits, and when it was first seen: the clock may have been set back. */
  #seen: { readonly lock: Stats; readonly at: number } | undefined

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
      fill(descriptor, content(), THIS_PROCESS)
      if (isLost(descriptor)) throw new ServiceUnavailable('The lock of a file was lost in a long pause.')
      renameSync(this.#lock, this.#file)
      held.delete(this.#lock)
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
      const descriptor = openSync(this.#lock, 'wx', 0o600)
      futimesSync(descriptor, THIS_PROCESS, Date.now() / 1000)
      held.add(this.#lock)
      return descriptor
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      this.breakIfStale()
      return undefined
    }
  }

  #release(descriptor: number): void {
    held.delete(this.#lock)
    if (!isLost(descriptor)) ifThere(() => unlinkSync(this.#lock))
    closeSync(descriptor)
  }

  /** Removes the lock of a process that died. It is renamed first, so that only one process can remove it. */
  breakIfStale(): void {
    ifThere(() => {
      const seen = lstatSync(this.#lock)
      if (!seen.isFile()) throw new ServiceUnavailable('Something that is not a file has the name of a lock file.')
      if (!this.#isStale(seen)) return
      const taken = `${this.#lock}-${randomString(8)}`
      renameSync(this.#lock, taken)
      // Another process may have created a new lock before the rename. It is renamed back.
      if (isSame(lstatSync(taken), seen)) unlinkSync(taken)
      else renameSync(taken, this.#lock)
    })
  }

  /**
   * Removes the locks that dead processes have left in a directory.
   * @param isLocked whether a name is that of a file that is locked here
   */
  static async clearStale(folder: string, isLocked: (name: string) => boolean): Promise<void> {
    for (const name of readdirSync(folder)) {
      const [, file = '', broken] = LOCK_NAME.exec(name) ?? []
      if (!isLocked(file)) continue
      // A lock that another process has not finished to remove.
      const isLeft = broken !== undefined && ageOf(path.join(folder, name)) > MAX_SKEW_MS
      if (isLeft) ifThere(() => unlinkSync(path.join(folder, name)))
      else if (broken === undefined) new FileLock(path.join(folder, file)).breakIfStale()
      await setImmediate()
    }
  }

  #isStale(lock: Stats): boolean {
    const now = performance.now()
    if (this.#seen === undefined || !isSame(this.#seen.lock, lock)) this.#seen = { lock, at: now }
    const age = Date.now() - lock.mtimeMs
    return age >= STALE_MS || age <= -MAX_SKEW_MS || now - this.#seen.at >= STALE_MS || this.#hasDied(lock)
  }

  #hasDied(lock: Stats): boolean {
    const micros = Math.floor(lock.atimeMs * 1000 + 0.25)
    const pid = Math.floor(micros / 1e6)
    // Process numbers mean something on their own machine and in their own container only.
    if (pid === 0 || micros % 1e6 !== NAMESPACE) return false
    // An earlier process in this container may have had the same number.
    if (pid === process.pid) return !held.has(this.#lock)
    return !isRunning(pid)
  }
}

const LOCK_NAME = /^\.lock-(.+?)(-[a-z0-9]{8})?$/i

/** In milliseconds; negative for a file that is gone. */
const ageOf = (file: string): number => Date.now() - (ifThere(() => lstatSync(file).mtimeMs) ?? Infinity)

const isSame = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.mtimeMs === other.mtimeMs

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errorCode(error) !== 'ESRCH'
  }
}

/** The locks that this process holds. */
const held = new Set<string>()

/** A number from 1 to 999,999 for the processes whose numbers can be compared: those of one boot, container and thread. */
const NAMESPACE = ((): number => {
  const read = (work: () => string): string => ifReadable(work) ?? ''
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const container = read(() => readlinkSync('/proc/self/ns/pid'))
  const name = [hostname(), boot, container, threadId].join(' ')
  return 1 + (createHash('sha256').update(name).digest().readUInt32BE() % 999_999)
})()

/**
 * The access time of a lock says which process holds it: the seconds are the number of the process, the microseconds are
 * NAMESPACE, and a half because file systems round down. Nothing has to be written for that, and the lock keeps it while it
 * becomes the new file.
 */
const THIS_PROCESS = process.pid + (NAMESPACE + 0.5) / 1e6
