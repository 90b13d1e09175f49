/** Collects static files into their storage: copies or links new and changed files. */
import { lstatSync, statSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import type { StaticStorage } from './base.ts'
import { exists } from './folders.ts'
import type { Finder } from './finders.ts'

export interface CollectOptions {
  readonly ignored: readonly string[]
  readonly clear: boolean
  readonly dryRun: boolean
  readonly link: boolean
  readonly postProcess: boolean
}

/** Reports progress. `level` is the minimum verbosity. */
export type Log = (text: string, level: 1 | 2) => void

/** A file could not be processed; `cause` says why. */
export class PostProcessingFailed extends Error {
  override readonly name = 'PostProcessingFailed'
}

const isLink = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

export class Collecting {
  readonly #storage: StaticStorage
  readonly #options: CollectOptions
  readonly #log: Log
  /** Names of files by result. */
  readonly deleted: string[] = []
  readonly copied: string[] = []
  readonly unmodified: string[] = []
  readonly skipped: string[] = []
  readonly postProcessed: string[] = []

  constructor(storage: StaticStorage, options: CollectOptions, log: Log) {
    this.#storage = storage
    this.#options = options
    this.#log = log
  }

  /** @throws PostProcessingFailed */
  async run(finders: readonly Finder[]): Promise<void> {
    if (this.#options.clear) await this.#clear('')
    const found = new Map<string, string>()
    for (const finder of finders) {
      for (const { name, file } of finder.list(this.#options.ignored)) {
        if (found.has(name)) this.#skip(name)
        else {
          found.set(name, file)
          await this.#collect(name, file)
        }
      }
    }
    if (this.#options.postProcess && !this.#options.dryRun) await this.#postProcess(found)
  }

  #skip(name: string): void {
    this.skipped.push(name)
    this.#log(
      `Found another file with the destination path '${name}'. It will be ignored since only the first encountered` +
        ' file is collected. If this is not what you want, make sure every static file has a unique path.',
      2,
    )
  }

  async #clear(folder: string): Promise<void> {
    const { folders, files } = await this.#storage.list(folder)
    for (const file of files) {
      const name = path.posix.join(folder, file)
      this.#log(`${this.#options.dryRun ? 'Pretending to delete' : 'Deleting'} '${name}'`, 2)
      if (!this.#options.dryRun) await this.#storage.delete(name)
      this.deleted.push(name)
    }
    for (const each of folders) await this.#clear(path.posix.join(folder, each))
  }

  async #collect(name: string, file: string): Promise<void> {
    if (!(await this.#makeRoom(name, file))) return
    const { dryRun, link } = this.#options
    const what = link ? 'link' : 'copy'
    if (dryRun) this.#log(`Pretending to ${what} '${file}'`, 1)
    else {
      this.#log(`${link ? 'Linking' : 'Copying'} '${file}'`, 2)
      if (link) await this.#link(name, file)
      else await this.#storage.save(name, await readFile(file))
    }
    this.copied.push(name)
  }

  /** Deletes an existing target file. Returns false if it is up to date. */
  async #makeRoom(name: string, file: string): Promise<boolean> {
    const target = this.#storage.path?.(name)
    const isDangling = target !== undefined && isLink(target) && !exists(target)
    if (!isDangling && !(await this.#storage.exists(name))) return true
    if (!isDangling && (await this.#isUpToDate(name, file, target))) {
      this.unmodified.push(name)
      this.#log(`Skipping '${name}' (not modified)`, 2)
      return false
    }
    this.#log(`${this.#options.dryRun ? 'Pretending to delete' : 'Deleting'} '${name}'`, 2)
    if (!this.#options.dryRun) await this.#storage.delete(name)
    return true
  }

  async #isUpToDate(name: string, file: string, target: string | undefined): Promise<boolean> {
    // After switching between copies and links, every file has to be replaced.
    if (target !== undefined && isLink(target) !== this.#options.link) return false
    return seconds(await this.#storage.modified(name)) >= seconds(statSync(file).mtimeMs)
  }

  async #link(name: string, file: string): Promise<void> {
    const target = this.#storage.path?.(name) ?? name
    await mkdir(path.dirname(target), { recursive: true })
    await symlink(file, target)
  }

  async #postProcess(found: ReadonlyMap<string, string>): Promise<void> {
    for await (const { name, storedAs, processed, error } of this.#storage.postProcess?.(found) ?? []) {
      if (error !== undefined) throw new PostProcessingFailed(`Post-processing '${name}' failed!`, { cause: error })
      if (processed) {
        this.postProcessed.push(name)
        this.#log(`Post-processed '${name}' as '${storedAs}'`, 2)
      } else this.#log(`Skipped post-processing '${name}'`, 2)
    }
  }
}
