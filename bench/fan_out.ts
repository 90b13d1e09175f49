/** Whether many files are found sooner in many folders than in one: looks up the same files by both ways. */
import { linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileOf, keyAt } from './fill.ts'

const READS = 50_000

const within = (folder: string, key: string): string => path.join(folder, key.slice(0, 2), key)

/** Microseconds of processor time for a file to be opened and read, of files picked all over. */
function readingTime(files: number, nameOf: (key: string) => string): number {
  const before = process.cpuUsage()
  for (let read = 0; read < READS; read++) readFileSync(nameOf(keyAt((read * 7919) % files)))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / READS
}

/** Removes files in the order in which they were made, which a disk does many times faster than in that of the folder. */
export function removeInOrder(files: number, nameOf: (key: string) => string): void {
  for (let index = 0; index < files; index++) rmSync(nameOf(keyAt(index)), { force: true })
}

export interface FanOut {
  readonly inOneFolder: number
  readonly in256Folders: number
}

/**
 * @param folder has that many files of sessions
 * @param other is empty; the same files come under names in 256 folders there, with nothing copied
 */
export function compareFanOut(folder: string, other: string, files: number): FanOut {
  for (let number = 0; number < 256; number++) mkdirSync(path.join(other, number.toString(16).padStart(2, '0')))
  for (let index = 0; index < files; index++) linkSync(fileOf(folder, keyAt(index)), within(other, keyAt(index)))
  const flat = (key: string) => fileOf(folder, key)
  const deep = (key: string) => within(other, key)
  // Once each unmeasured, so that both find what the system keeps of them.
  readingTime(files, flat)
  readingTime(files, deep)
  const found = { inOneFolder: readingTime(files, flat), in256Folders: readingTime(files, deep) }
  removeInOrder(files, deep)
  return found
}
