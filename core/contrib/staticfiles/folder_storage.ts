/** Static files in the folder STATIC_ROOT, served at STATIC_URL. */
import { chmod, lstat, mkdir, readdir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured, SuspiciousOperation } from '#core/exceptions'
import { errorCode, joinWithAnd, randomString } from '#core/utils'
import { quoteUri } from '#core/web'
import { staticBaseUrl, type StaticStorage, type StorageOptions } from './base.ts'
import { exists, fileBelow } from './folders.ts'

const isAbsent = (error: unknown): boolean => errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR'

async function orAbsent<T>(work: Promise<T>, absent: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isAbsent(error)) return absent
    throw error
  }
}

export class StaticFilesStorage implements StaticStorage {
  readonly location: string | undefined
  readonly baseUrl: string
  readonly #permissions: number | null

  /** @param options of STORAGES: `location` and `base_url` instead of the settings, `file_permissions_mode` */
  constructor(options: StorageOptions = {}) {
    const known = this.knownOptions
    const unknown = Object.keys(options).filter((name) => !known.includes(name))
    if (unknown.length > 0) {
      throw new ImproperlyConfigured(
        `STORAGES['staticfiles'].OPTIONS has ${joinWithAnd(unknown)}, which this storage does not know. It knows ${joinWithAnd(known)}.`,
      )
    }
    const location = (options.location ?? settings.STATIC_ROOT) as string | null
    this.location = location === null || location === '' ? undefined : path.resolve(projectRoot(), location)
    this.baseUrl = staticBaseUrl((options.base_url ?? settings.STATIC_URL) as string | null)
    this.#permissions = (options.file_permissions_mode ?? settings.FILE_UPLOAD_PERMISSIONS) as number | null
  }

  protected get knownOptions(): readonly string[] {
    return ['location', 'base_url', 'file_permissions_mode']
  }

  url(name: string): string {
    return this.baseUrl + quoteUri(name.replaceAll('\\', '/').replace(/^\/+/, ''), "/~!*()'")
  }

  /**
   * @throws ImproperlyConfigured where STATIC_ROOT is not set
   * @throws SuspiciousOperation for a name that leads out of it
   */
  path(name: string): string {
    if (this.location === undefined) {
      throw new ImproperlyConfigured(
        "You're using the staticfiles app without having set the STATIC_ROOT setting to a filesystem path.",
      )
    }
    const file = fileBelow(this.location, name)
    if (file === undefined) throw new SuspiciousOperation('The name of a static file leads out of STATIC_ROOT.')
    return file
  }

  async exists(name: string): Promise<boolean> {
    return exists(this.path(name))
  }

  /** A concurrent reader sees the old file or the new one, never a part. */
  async save(name: string, content: Uint8Array): Promise<void> {
    const file = this.path(name)
    await mkdir(path.dirname(file), { recursive: true })
    const temporary = `${file}.${randomString(8)}.tmp`
    try {
      await writeFile(temporary, content)
      if (this.#permissions !== null) await chmod(temporary, this.#permissions)
      await rename(temporary, file)
    } catch (error) {
      await orAbsent(unlink(temporary), undefined)
      throw error
    }
  }

  /** A link goes, not what it leads to. */
  async delete(name: string): Promise<void> {
    const file = this.path(name)
    const stats = await orAbsent(lstat(file), undefined)
    if (stats?.isDirectory()) await rmdir(file)
    else if (stats !== undefined) await unlink(file)
  }

  async list(folder: string): Promise<{ folders: string[]; files: string[] }> {
    const entries = await orAbsent(readdir(this.path(folder), { withFileTypes: true }), [])
    const names = (folders: boolean): string[] =>
      entries
        .filter((entry) => entry.isDirectory() === folders)
        .map(({ name }) => name)
        .toSorted()
    return { folders: names(true), files: names(false) }
  }

  async modified(name: string): Promise<number> {
    return (await stat(this.path(name))).mtimeMs
  }
}
