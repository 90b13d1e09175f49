/** Files that are written completely or not at all. */
import { closeSync, futimesSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
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

/** Writes the content of a new file. @param accessed its access time, in seconds since the epoch */
export function fill(descriptor: number, content: string | Uint8Array, accessed = clock.now() / 1000): void {
  // Unlike a single write, this writes everything.
  writeFileSync(descriptor, content)
  futimesSync(descriptor, accessed, clock.now() / 1000)
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
