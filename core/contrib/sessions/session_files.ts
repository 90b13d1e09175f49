/**
 * The files of the file engine, in SESSION_FILE_PATH or in a private directory that no other user can access.
 *
 * Other users may be able to write to a shared directory. What they put there is not read as a session and blocks nothing.
 */
import { existsSync, lstatSync, readdirSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import { settings } from '#core/conf'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import {
  errorCode,
  errorText,
  fileFault,
  type FileLimits,
  FileLock,
  FolderIdentity,
  getLogger,
  makePrivateFolder,
  NotAFile,
  privateFolderFault,
  processUser,
  readRegularFile,
  writeNewFile,
} from '#core/utils'

/** A larger file is neither read nor written. One that another user put there would delay all requests. */
const MAX_BYTES = 4 * 1024 * 1024

/** The directory that is used where SESSION_FILE_PATH is null: one for each user of the machine. */
export function defaultFolder(): string {
  const user = processUser()
  return path.join(tmpdir(), user === undefined ? 'nuages-sessions' : `nuages-sessions-${user}`)
}

/**
 * What may be read as a session file. In the private directory all files belong to the user of this process; in one that
 * is shared with Django, they may belong to Django's user.
 */
export const sessionFileLimits = (folder = settings.SESSION_FILE_PATH): FileLimits => ({
  most: MAX_BYTES,
  owner: folder === null ? processUser() : undefined,
})

/** @param fault what is wrong with the default folder, as a phrase that follows its name */
export const folderRefused = (fault: string): string =>
  `The folder for session files, '${defaultFolder()}', ${fault}. Its file names are session keys, so only the user of` +
  ' this process may have access. Remove it to have it made again, or set SESSION_FILE_PATH to a folder of your own.'

const log = getLogger('django.security.SuspiciousSession')

/** Whether the file system denied a change: a file may belong to another user, and a disk may be read-only. */
const isDenied = (error: unknown): boolean => ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')

/** What a key may be in a file name. */
const isName = (key: string): boolean => typeof key === 'string' && /^[a-z0-9]{1,64}$/.test(key)

export interface SessionFile {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export class SessionFiles {
  readonly path: string
  readonly limits: FileLimits
  readonly #prefix: string
  readonly #isPrivate: boolean
  readonly #identity: FolderIdentity

  /**
   * @param directory the directory to use as it is; null for the private one, which is made if it does not exist
   * @param prefix of the file names: Django's is the name of the session cookie
   */
  constructor(directory: string | null = settings.SESSION_FILE_PATH, prefix = settings.SESSION_COOKIE_NAME) {
    this.#prefix = prefix
    this.#isPrivate = directory === null
    this.path = directory ?? defaultFolder()
    this.#identity = new FolderIdentity(this.path)
    this.limits = sessionFileLimits(directory)
    if (this.#isPrivate) this.#verify()
    else if (!existsSync(this.path) || !statSync(this.path).isDirectory()) {
      const fault = existsSync(this.path) ? 'is not a folder' : "doesn't exist"
      throw new ImproperlyConfigured(
        `The session storage path '${this.path}' ${fault}. Please set SESSION_FILE_PATH to an existing folder.`,
      )
    } else this.#identity.check()
  }

  /** The path of a key's file; undefined for a string that is not a key of this engine. */
  fileOf(key: string): string | undefined {
    return isName(key) ? path.join(this.path, this.#prefix + key) : undefined
  }

  #all(): string[] {
    this.#verify()
    return readdirSync(this.path)
      .filter((name) => this.#isSession(name))
      .map((name) => path.join(this.path, name))
  }

  #isSession(name: string): boolean {
    return name.startsWith(this.#prefix) && isName(name.slice(this.#prefix.length))
  }

  exists(file: string): boolean {
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found === undefined) this.mustExist()
    return found !== undefined && fileFault(found, this.limits) === undefined
  }

  /** The content of a file; undefined where there is none, or where it cannot be a session's file, which is logged. */
  read(file: string): SessionFile | undefined {
    try {
      return this.#readStrictly(file)
    } catch (error) {
      if (!(error instanceof NotAFile)) throw error
      // The name contains the key, so it is not logged.
      log.warning(`A file in '${this.path}' with the name of a session ${error.message}. It is not read.`)
      return undefined
    }
  }

  /** @throws NotAFile for what cannot be a session's file */
  #readStrictly(file: string): SessionFile | undefined {
    const found = readRegularFile(file, this.limits)
    return found && { text: found.content.toString('utf8'), modified: found.stats.mtimeMs }
  }

  /** Writes a new file. @returns false where there is a file already */
  create(file: string, text: string): boolean {
    this.#verify()
    try {
      writeNewFile(file, text)
      return true
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    }
  }

  /** Replaces a file by what `text` returns, while no other process can change it. */
  async replace(file: string, text: () => string): Promise<void> {
    this.#verify()
    await new FileLock(file).replace(text)
  }

  /**
   * Deletes a file, while no other process can change it.
   * @param check may throw to prevent it
   * @returns whether there was one
   */
  delete(file: string, check: () => void): Promise<boolean> {
    this.#verify()
    return new FileLock(file).run(() => {
      if (!this.exists(file)) return false
      check()
      unlinkSync(file)
      return true
    })
  }

  /**
   * Deletes a file if it is expired, unless another process is changing it.
   * @returns whether it was deleted; undefined where the file is not a session's, or access to it is denied
   */
  deleteExpired(file: string, isExpired: (found: SessionFile) => boolean): boolean | undefined {
    const hasExpired = (): boolean => {
      const found = this.#readStrictly(file)
      return found !== undefined && isExpired(found)
    }
    let deleted = false
    try {
      // Read once without a lock, because most files of a directory have not expired.
      if (!hasExpired()) return false
      new FileLock(file).try(() => {
        if (!hasExpired()) return
        unlinkSync(file)
        deleted = true
      })
      return deleted
    } catch (error) {
      if (error instanceof NotAFile || isDenied(error)) return undefined
      throw error
    }
  }

  /** Deletes all files that are expired and the locks of dead processes, and logs how many files were not readable. @returns how many were deleted */
  async clearExpired(isExpired: (found: SessionFile) => boolean): Promise<number> {
    let deleted = 0
    let skipped = 0
    for (const file of this.#all()) {
      const result = this.deleteExpired(file, isExpired)
      if (result === undefined) skipped++
      else if (result) deleted++
      // Requests are served between two files.
      await nextTick()
    }
    await this.#clearLocks()
    if (skipped > 0) {
      const why = 'they are not regular files, are too large or belong to another user'
      log.warning(`${skipped} files in '${this.path}' with names of sessions were skipped: ${why}.`)
    }
    return deleted
  }

  async #clearLocks(): Promise<void> {
    try {
      await FileLock.clearStale(this.path, (name) => this.#isSession(name))
    } catch (error) {
      if (!isDenied(error) && !(error instanceof ServiceUnavailable)) throw error
      log.warning(`Locks of dead processes in '${this.path}' could not be removed: ${errorText(error)}`)
    }
  }

  /**
   * Makes sure that the directory exists. A missing one, or that of a disk that is not mounted, is an outage: taking it for
   * missing sessions would log everybody out. The private directory is made again, empty.
   */
  mustExist(): void {
    this.#verify()
  }

  /**
   * Makes sure, before a write, that the directory is still the same, and that the private one is still private: a cleaner
   * of temporary directories may have removed it, and another user may have made another one in its place.
   * @throws ImproperlyConfigured
   */
  #verify(): void {
    if (!this.#isPrivate) return this.#identity.check()
    let fault = privateFolderFault(this.path)
    if (fault === undefined) return
    makePrivateFolder(this.path)
    fault = privateFolderFault(this.path)
    if (fault !== undefined) throw new ImproperlyConfigured(folderRefused(fault))
  }
}
