/** Access to files in directories where other users of the machine can also write. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs'
import { errorCode } from './files.ts'
import { ifReadable } from './log.ts'

/** The user ID that owns the files that this process creates. Undefined on Windows, which has no such IDs. */
export const processUser = (): number | undefined => process.geteuid?.()

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

/**
 * Why other users can read or change the files in a directory, as a phrase that follows its name. Undefined if they cannot,
 * and if this process cannot access the directory.
 */
export function exposureOf(folder: string): string | undefined {
  const found = ifReadable(() => statSync(folder))
  return found && exposureIn(found)
}

function exposureIn(found: Stats): string | undefined {
  const user = processUser()
  // On Windows, modes do not describe access.
  if (user === undefined) return undefined
  if (found.uid !== user) return `belongs to the user ${found.uid}, and this process runs as the user ${user}`
  return (found.mode & 0o077) === 0 ? undefined : `has the mode ${octal(found.mode)}, which lets other users in`
}

/** What is wrong with a private directory, as a phrase that follows its name; undefined if nothing is. */
export function privateFolderFault(folder: string): string | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) return 'is not there'
  if (found.isSymbolicLink()) return 'is a symbolic link'
  if (!found.isDirectory()) return 'is not a folder'
  return exposureIn(found)
}

/** Creates a directory that only its owner can use. Anything that already has this name is left unchanged. */
export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

/** Something must not be read as a file. The message is a phrase that follows its name. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile'
}

export interface FileLimits {
  /** Maximum size of a file, in bytes. */
  readonly most: number
  /** The user ID that a file must belong to; undefined for any. */
  readonly owner?: number | undefined
}

/** Why something must not be read as a file; undefined if it may be. */
export function fileFault(found: Stats, { most, owner }: FileLimits): string | undefined {
  if (!found.isFile()) return 'is not a regular file'
  if (found.size > most) return `has ${found.size} bytes, more than the ${most} that are read`
  return owner === undefined || found.uid === owner ? undefined : `belongs to the user ${found.uid}`
}

/** Flags that do not follow a link, and do not wait for the other end of a FIFO. Windows has neither. */
const SAFELY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Codes for opening a link, which differ between systems, and for a socket or a device without a driver. */
const NO_FILE = new Set(['ELOOP', 'EMLINK', 'EFTYPE', 'ENXIO', 'ENODEV', 'EOPNOTSUPP', 'EISDIR'])

/**
 * Reads a file in a directory that other users can write to. It never blocks, whatever they create there. Undefined if the
 * file does not exist.
 * @throws NotAFile for a link, a FIFO, a directory and the like, and for a file beyond the limits
 */
export function readRegularFile(file: string, limits: FileLimits): { content: Buffer; stats: Stats } | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, SAFELY)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return undefined
    if (code !== undefined && NO_FILE.has(code)) throw new NotAFile('is not a regular file', { cause: error })
    throw error
  }
  try {
    const stats = fstatSync(descriptor)
    const fault = fileFault(stats, limits)
    if (fault !== undefined) throw new NotAFile(fault)
    const bytes = Buffer.allocUnsafe(stats.size)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    return { content: bytes.subarray(0, length), stats }
  } finally {
    closeSync(descriptor)
  }
}
