/** The folder of the file engine: SESSION_FILE_PATH as it is, or a private one that no other user can access. */
import { existsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { type FileLimits, makePrivateFolder, privateFolderFault, processUser } from '#core/utils'

/** A larger file is neither read nor written: one that another user put there would delay all requests. */
const MOST_BYTES = 4 * 1024 * 1024

/** The folder that is used where SESSION_FILE_PATH is null: one for each user of the machine. */
export function defaultFolder(): string {
  const user = processUser()
  return path.join(tmpdir(), user === undefined ? 'nuages-sessions' : `nuages-sessions-${user}`)
}

/**
 * What may be read as a session file. In the private folder all files belong to this process's user; in one
 * that Django shares, they may belong to Django's user.
 */
export const sessionFileLimits = (folder = settings.SESSION_FILE_PATH): FileLimits => ({
  most: MOST_BYTES,
  owner: folder === null ? processUser() : undefined,
})

/** @param fault what is wrong with the default folder, as a phrase that follows its name */
export const folderRefused = (fault: string): string =>
  `The folder for session files, '${defaultFolder()}', ${fault}. Its file names are session keys, so only the user of` +
  ' this process may have access. Remove it to have it made again, or set SESSION_FILE_PATH to a folder of your own.'

export class SessionFolder {
  readonly path: string
  readonly limits: FileLimits
  readonly #isPrivate: boolean

  /** @param configured the folder to use as it is; null for the private one, which is made if it does not exist */
  constructor(configured: string | null = settings.SESSION_FILE_PATH) {
    this.#isPrivate = configured === null
    this.path = configured ?? defaultFolder()
    this.limits = sessionFileLimits(configured)
    if (this.#isPrivate) this.verify()
    else if (!existsSync(this.path) || !statSync(this.path).isDirectory()) {
      const fault = existsSync(this.path) ? 'is not a folder' : "doesn't exist"
      throw new ImproperlyConfigured(
        `The session storage path '${this.path}' ${fault}. Please set SESSION_FILE_PATH to an existing folder.`,
      )
    }
  }

  /**
   * Makes sure, before a write, that the private folder is still private: a cleaner of temporary folders may have removed
   * it, and another user put another one in its place.
   * @throws ImproperlyConfigured
   */
  verify(): void {
    if (!this.#isPrivate) return
    let fault = privateFolderFault(this.path)
    if (fault === undefined) return
    makePrivateFolder(this.path)
    fault = privateFolderFault(this.path)
    if (fault !== undefined) throw new ImproperlyConfigured(folderRefused(fault))
  }

  /** Throws the file system's error if the folder does not exist. The private one is made again, empty. */
  mustBeThere(): void {
    if (this.#isPrivate) this.verify()
    else statSync(this.path)
  }
}
