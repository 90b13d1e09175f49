/** Static files under names with a hash of their content, so that they may be cached for ever, and a list of those names. */
import { createHash } from 'node:crypto'
import { stringifyJson } from '#core/serialization'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import type { PostProcessed, StorageOptions } from './base.ts'
import { StaticFilesStorage } from './folder_storage.ts'
import { rewriterFor } from './references.ts'
import { rewriteAll } from './rewriting.ts'

// The list of hashed names, staticfiles.json, byte for byte as Django writes it.

const VERSION = '1.1'

/** Python's order of texts: that of their code points. */
const byCodePoint = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

function manifestText(names: ReadonlyMap<string, string>): string {
  const sorted = [...names].toSorted(byCodePoint).map((pair) => pair.map((name) => stringifyJson(name)))
  const pairs = `[${sorted.map((pair) => `[${pair.join(', ')}]`).join(', ')}]`
  const hash = createHash('md5').update(pairs).digest('hex').slice(0, 12)
  const paths = sorted.map((pair) => pair.join(': ')).join(', ')
  return `{"paths": {${paths}}, "version": "${VERSION}", "hash": "${hash}"}`
}

/** The names of a list; undefined where it is none that we know. */
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

/** A file that a page or another file names is not among the collected ones. */
export class MissingStaticFile extends Error {
  override readonly name = 'MissingStaticFile'
}

/** A name, and the query and fragment behind it. */
function split(name: string): readonly [name: string, rest: string] {
  const at = name.search(/[?#]/)
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at)]
}

/** Deeper files first, as in Django, because most references lead to the same or a lower directory. */
const deepestFirst = (names: Iterable<string>): string[] =>
  [...names].toSorted((a, b) => b.split('/').length - a.split('/').length)

export class ManifestStaticFilesStorage extends StaticFilesStorage {
  /** Name of the list in STATIC_ROOT. */
  manifestName: string
  /** Whether a file that is not in the list is an error; else its hash is made when it is asked for. */
  manifestStrict: boolean
  /** Whether imports in JavaScript modules are rewritten. */
  supportJsModuleImportAggregation: boolean
  /** How often files that refer to each other are gone through until nothing changes. */
  maxPostProcessPasses: number
  #names: ReadonlyMap<string, string> | undefined

  /** @param options those of StaticFilesStorage, and the fields of this class in Django's spelling */
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

  /** The address with the hash, but under DEBUG that of the file itself. */
  override url(name: string): string {
    const [clean, rest] = split(name)
    const isFile = clean !== '' && !clean.endsWith('/')
    return super.url(settings.DEBUG || !isFile ? clean : this.storedName(clean)) + rest
  }

  /** Twelve digits for a content; empty for none in the name. A subclass may have another idea. */
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
    const texts = new Map<string, Buffer>()
    for (const name of deepestFirst(files.keys())) {
      const content = await readFile(files.get(name) as string)
      const hashed = this.hashedName(name, content)
      names.set(name, hashed)
      if (rewriterFor(name, this.#kinds) !== undefined) texts.set(name, content)
      else yield await this.#keep(name, hashed, content)
    }
    yield* this.#rewritten(texts, names)
    await this.save(this.manifestName, Buffer.from(manifestText(names)))
    this.#names = names
  }

  get #kinds(): { modules: boolean } {
    return { modules: this.supportJsModuleImportAggregation }
  }

  async *#rewritten(texts: ReadonlyMap<string, Buffer>, names: Map<string, string>): AsyncGenerator<PostProcessed> {
    const { contents, errors } = rewriteAll(texts, names, {
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

  /** What has its hash in its name need not be written again. */
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

  /** Read when the first address is asked for: under DEBUG, and before collectstatic, there may be none. */
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
