/** Measures whether files are found faster in 256 directories than in one, with the same files in both layouts. */
import { linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileOf, keyAt } from './fill.ts'

const READS = 50_000

const within = (folder: string, key: string): string => path.join(folder, key.slice(0, 2), key)

/** CPU time in microseconds for opening and reading a file, averaged over files spread over the whole directory. */
function readingTime(files: number, nameOf: (key: string) => string): number {
  const before = process.cpuUsage()
  for (let read = 0; read < READS; read++) readFileSync(nameOf(keyAt((read * 7919) % files)))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / READS
}

/** Removes files in the order of their creation, which is many times faster on a disk than the directory order. */
export function removeInOrder(files: number, nameOf: (key: string) => string): void {
  for (let index = 0; index < files; index++) rmSync(nameOf(keyAt(index)), { force: true })
}

export interface FanOut {
  readonly inOneFolder: number
  readonly in256Folders: number
}

/**
 * @param folder a directory with this number of session files
 * @param other an empty directory, in which the same files are hard-linked in 256 subdirectories
 */
export function compareFanOut(folder: string, other: string, files: number): FanOut {
  for (let number = 0; number < 256; number++) mkdirSync(path.join(other, number.toString(16).padStart(2, '0')))
  for (let index = 0; index < files; index++) linkSync(fileOf(folder, keyAt(index)), within(other, keyAt(index)))
  const flat = (key: string) => fileOf(folder, key)
  const deep = (key: string) => within(other, key)
  // One unmeasured run of each, so that both find the same data in the system's cache.
  readingTime(files, flat)
  readingTime(files, deep)
  const found = { inOneFolder: readingTime(files, flat), in256Folders: readingTime(files, deep) }
  removeInOrder(files, deep)
  return found
}
