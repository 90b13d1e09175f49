/**
 * The storages for STORAGES: StaticFilesStorage keeps files in STATIC_ROOT, served at STATIC_URL, and
 * ManifestStaticFilesStorage adds a content hash to their names, so that they can be cached forever.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readFile, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured, SuspiciousOperation } from '#core/exceptions'
import { stringifyJson } from '#core/serialization'
import { errorCode, joinWithAnd, randomString } from '#core/utils'
import { quoteUri } from '#core/web'
import { type PostProcessed, staticBaseUrl, type StaticStorage, type StorageOptions } from './base.ts'
import { exists, fileBelow } from './folders.ts'
import { rewriterFor } from './references.ts'
import { rewriteAll } from './rewriting.ts'

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
   * @throws ImproperlyConfigured if STATIC_ROOT is not set
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

  /** Replaces the file atomically: a concurrent reader sees the old or the new file. */
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

  /** Deletes a link itself, not its target. */
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

// The manifest of hashed names, staticfiles.json, byte for byte as Django writes it.

const VERSION = '1.1'

/** Sorts by code points, as Python does. */
const byCodePoint = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

function manifestText(names: ReadonlyMap<string, string>): string {
  const sorted = [...names].toSorted(byCodePoint).map((pair) => pair.map((name) => stringifyJson(name)))
  const pairs = `[${sorted.map((pair) => `[${pair.join(', ')}]`).join(', ')}]`
  const hash = createHash('md5').update(pairs).digest('hex').slice(0, 12)
  const paths = sorted.map((pair) => pair.join(': ')).join(', ')
  return `{"paths": {${paths}}, "version": "${VERSION}", "hash": "${hash}"}`
}

/** Parses a manifest; undefined if it is invalid or of an unknown version. */
function readManifest(text: string): ReadonlyMap<string, string> | undefined {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof content !== 'object' || content === null) return undefined
  const { version, paths } = content as { version?: unknown; paths?: unknown }
  if (version !== '1.0' && version !== VERSION) return undefined
  if (typeof paths !== 'object' || paths === null) return undefined
  const names = Object.entries(paths)
  return names.every((pair): pair is [string, string] => typeof pair[1] === 'string') ? new Map(names) : undefined
}

const posix = path.posix

/** A file that a page or another file refers to has not been collected. */
export class MissingStaticFile extends Error {
  override readonly name = 'MissingStaticFile'
}

/** Splits off the query and fragment of a name. */
function split(name: string): readonly [name: string, rest: string] {
  const at = name.search(/[?#]/)
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at)]
}

/** Deeper files first, as in Django, because most references lead to the same or a lower directory. */
const deepestFirst = (names: Iterable<string>): string[] =>
  [...names].toSorted((a, b) => b.split('/').length - a.split('/').length)

export class ManifestStaticFilesStorage extends StaticFilesStorage {
  /** File name of the manifest in STATIC_ROOT. */
  manifestName: string
  /** Whether a file that is not in the manifest is an error; otherwise its hash is computed on demand. */
  manifestStrict: boolean
  /** Whether imports in JavaScript modules are rewritten. */
  supportJsModuleImportAggregation: boolean
  /** Maximum number of passes over files that refer to each other. */
  maxPostProcessPasses: number
  #names: ReadonlyMap<string, string> | undefined

  /** @param options those of StaticFilesStorage, and the fields of this class in snake_case, as in Django */
  constructor(options: StorageOptions = {}) {
    super(options)
    this.manifestName = (options.manifest_name ?? 'staticfiles.json') as string
    this.manifestStrict = (options.manifest_strict ?? true) as boolean
    this.supportJsModuleImportAggregation = (options.support_js_module_import_aggregation ?? false) as boolean
    this.maxPostProcessPasses = (options.max_post_process_passes ?? 5) as number
  }

  protected override get knownOptions(): readonly string[] {
    const own = ['manifest_name', 'manifest_strict', 'support_js_module_import_aggregation', 'max_post_process_passes']
    return [...super.knownOptions, ...own]
  }

  /** The URL with the hash, or under DEBUG, that of the original file. */
  override url(name: string): string {
    const [clean, rest] = split(name)
    const isFile = clean !== '' && !clean.endsWith('/')
    return super.url(settings.DEBUG || !isFile ? clean : this.storedName(clean)) + rest
  }

  /** The hash of a content, 12 hex digits. A subclass may override it; an empty string omits the hash from the name. */
  fileHash(_name: string, content: Uint8Array): string {
    return createHash('md5').update(content).digest('hex').slice(0, 12)
  }

  hashedName(name: string, content: Uint8Array): string {
    const { dir, name: stem, ext } = posix.parse(name)
    const hash = this.fileHash(name, content)
    return posix.join(dir, `${stem}${hash === '' ? '' : `.${hash}`}${ext}`)
  }

  /**
   * The name under which a file is stored.
   * @throws MissingStaticFile
   */
  storedName(name: string): string {
    const key = posix.normalize(name.replaceAll('\\', '/').replace(/^\/+/, ''))
    const stored = this.#manifest().get(key)
    if (stored !== undefined) return stored
    if (this.manifestStrict) {
      throw new MissingStaticFile(
        `Missing staticfiles manifest entry for '${key}' in ${this.path(this.manifestName)}.` +
          ' Is the name right, and has collectstatic run since the file was added?',
      )
    }
    return this.#hashedNow(key)
  }

  async *postProcess(files: ReadonlyMap<string, string>): AsyncGenerator<PostProcessed> {
    const names = new Map<string, string>()
    const sources = new Map<string, Buffer>()
    for (const name of deepestFirst(files.keys())) {
      const content = await readFile(files.get(name) as string)
      const hashed = this.hashedName(name, content)
      names.set(name, hashed)
      if (rewriterFor(name, this.#kinds) !== undefined) sources.set(name, content)
      else yield await this.#keep(name, hashed, content)
    }
    yield* this.#rewritten(sources, names)
    await this.save(this.manifestName, Buffer.from(manifestText(names)))
    this.#names = names
  }

  get #kinds(): { modules: boolean } {
    return { modules: this.supportJsModuleImportAggregation }
  }

  async *#rewritten(sources: ReadonlyMap<string, Buffer>, names: Map<string, string>): AsyncGenerator<PostProcessed> {
    const { contents, errors } = rewriteAll(sources, names, {
      baseUrl: this.baseUrl,
      passes: this.maxPostProcessPasses + 1,
      kinds: this.#kinds,
      hashedName: (name, content) => this.hashedName(name, content),
      stored: (name) => this.#hashedNow(name),
    })
    for (const { name, error } of errors) yield { name, processed: false, error }
    for (const [name, content] of contents) {
      const storedAs = names.get(name) as string
      await this.save(storedAs, content)
      yield { name, storedAs, processed: true }
    }
  }

  /** Saves a file, unless it already exists: its name contains its hash. */
  async #keep(name: string, storedAs: string, content: Buffer): Promise<PostProcessed> {
    if (await this.exists(storedAs)) return { name, storedAs, processed: false }
    await this.save(storedAs, content)
    return { name, storedAs, processed: true }
  }

  #hashedNow(name: string): string {
    const file = this.path(name)
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return this.hashedName(name, readFileSync(file))
    throw new MissingStaticFile(`The file '${name}' could not be found in ${this.location}.`)
  }

  /** Loads the manifest on first use: under DEBUG, and before collectstatic, it may not exist. */
  #manifest(): ReadonlyMap<string, string> {
    if (this.#names !== undefined) return this.#names
    const file = this.path(this.manifestName)
    const names = existsSync(file) ? readManifest(readFileSync(file, 'utf8')) : new Map<string, string>()
    if (names === undefined) {
      throw new ImproperlyConfigured(`Couldn't load the manifest of static files, ${file}. Run collectstatic again.`)
    }
    return (this.#names = names)
  }
}
