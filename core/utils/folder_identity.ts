/** Notices that the disk of a directory is not mounted: its path then leads to another directory, which is usually empty. */
import { type Stats, statSync } from 'node:fs'
import { ServiceUnavailable } from '../exceptions.ts'

export class FolderIdentity {
  readonly #path: string
  #known: Pick<Stats, 'dev' | 'ino'> | undefined

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Makes sure that the directory is the one of the first call. One that was made again on the same device is accepted, and so
   * is a disk that was mounted again under another device number.
   * @throws ServiceUnavailable for another directory on another device, ENOENT for none
   */
  check(): void {
    const { dev, ino } = statSync(this.#path)
    if (this.#known !== undefined && this.#known.dev !== dev && this.#known.ino !== ino) {
      throw new ServiceUnavailable(
        `'${this.#path}' is on another device than before, so its disk is probably not mounted.` +
          ' If it was moved on purpose, restart the server.',
      )
    }
    this.#known = { dev, ino }
  }
}
