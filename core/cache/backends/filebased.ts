/** A cache in the files of a folder, shared by the processes of one machine. */
import { deflateSync, inflateSync, type InputType } from 'node:zlib'
import { pickledFloat, readPickle } from '#core/serialization/pickle'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { projectRoot, settingsAreLoaded } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, errorCode, FileLock, getLogger, ifThere, NotAFile, readRegularFile, replaceFile } from '#core/utils'
import { Culling } from '../parameters.ts'
import { Outage } from '../errors.ts'
import { PickleSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, ownToken, type TokenedText } from '../store.ts'

// What a file of the file cache holds, as Django writes it: the pickle of its expiry, then the value, compressed.

interface FileEntry {
  /** A byte string. */
  readonly text: string
  /** Milliseconds since the epoch; infinite for a value that is kept for ever. */
  readonly expiresAt: number
}

/** No value is larger: a small file that claims to be would fill the memory. */
const MOST_BYTES = 2 ** 28

/** The size of the largest file: data that cannot be compressed grows by less than 1 MiB. */
const MOST_FILE_BYTES = MOST_BYTES + 2 ** 20

/** Seconds since the epoch, or None. */
const pickledExpiry = (expiresAt: number): string =>
  `\x80\x04${Number.isFinite(expiresAt) ? pickledFloat(expiresAt / 1000) : 'N'}.`

/** @throws RangeError for a value that is too large to be read again */
function encodeEntry({ text, expiresAt }: FileEntry): Buffer {
  if (text.length > MOST_BYTES) {
    throw new RangeError(`A value in a file cache can have ${MOST_BYTES} bytes, and this one has ${text.length}.`)
  }
  return Buffer.concat([Buffer.from(pickledExpiry(expiresAt), 'latin1'), deflateSync(Buffer.from(text, 'latin1'))])
}

/** With `info`, zlib tells how far it has read; Node's types do not know of it. */
type Inflate = (bytes: InputType, options: object) => { buffer: Buffer; engine: { bytesWritten: number } }

/** Undefined for what is none of ours or Django's, or only a part of it. */
function decodeEntry(content: Buffer): FileEntry | undefined {
  try {
    // An expiry takes a few bytes, a number as text some more.
    const { value, end } = readPickle(content.toString('latin1', 0, 100))
    if (value !== null && typeof value !== 'number') return undefined
    const packed = content.subarray(end)
    const { buffer, engine } = (inflateSync as unknown as Inflate)(packed, { info: true, maxOutputLength: MOST_BYTES })
    if (engine.bytesWritten !== packed.length) return undefined
    // The thousandfold of a float is off in the last place.
    const expiresAt = value === null ? Number.POSITIVE_INFINITY : Math.round(value * 1e6) / 1e3
    return { text: buffer.toString('latin1'), expiresAt }
  } catch {
    return undefined
  }
}

const log = getLogger('django.cache')

const NAME = /^[0-9a-f]{32}\.djcache$/

const expiry = (ttl: number | undefined): number => (ttl === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttl)

/** The file of a complete key, as Django names it. */
export const cacheFileName = (key: string): string => `${createHash('md5').update(key).digest('hex')}.djcache`

/** LOCATION is the folder; one that is not absolute lies in the project's. OPTIONS: MAX_ENTRIES, CULL_FREQUENCY. */
export class FileBasedCache extends CacheStore {
  readonly #folder: string
  readonly #outage: Outage
  readonly #culling: Culling

  constructor({ alias = 'default', location, options, serializer }: BackendOptions) {
    super({ serializer }, new PickleSerializer())
    if (typeof location !== 'string' || location === '') {
      throw new ImproperlyConfigured(`CACHES['${alias}'].LOCATION should be the folder for the cache's files.`)
    }
    this.#folder = path.resolve(settingsAreLoaded() ? projectRoot() : '.', location)
    this.#outage = new Outage(alias, this.#folder)
    this.#culling = new Culling(options)
  }

  #file(key: string): string {
    return path.join(this.#folder, cacheFileName(key))
  }

  /** The paths of all entries, with those that are over. */
  #files(): string[] {
    const found = ifThere(() => readdirSync(this.#folder, { withFileTypes: true })) ?? []
    const entries = found.filter((each) => NAME.test(each.name) && each.isFile())
    return entries.map(({ name }) => path.join(this.#folder, name))
  }

  /** What a file holds. A link, a FIFO or a folder in its place is no entry. */
  #content(file: string): Buffer | undefined {
    try {
      return readRegularFile(file, { most: MOST_FILE_BYTES })?.content
    } catch (error) {
      if (!(error instanceof NotAFile)) throw error
      log.error(`The cache file ${file} ${error.message}. It is not read.`)
      return undefined
    }
  }

  /** Runs `work`; a disk that does not work is an outage. */
  async #guarded<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      const result = await work()
      this.#outage.ended()
      return result
    } catch (error) {
      throw (error as NodeJS.ErrnoException).syscall === undefined ? error : this.#outage.began(error)
    }
  }

  /** Runs `work` while no other process changes the file of `key`. */
  #locked<T>(key: string, work: (file: string, entry: FileEntry | undefined) => T): Promise<T> {
    const file = this.#file(key)
    const lock = new FileLock(file)
    const locked = (): Promise<T> => lock.run(() => work(file, this.#lockedEntry(file)))
    return this.#guarded(async () => {
      try {
        return await locked()
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
        return await locked()
      }
    })
  }

  /** The entry of a file. Calls `discard` for one that has expired, or that cannot be read as an entry. */
  #entry(file: string, discard: (isBroken: boolean) => void): FileEntry | undefined {
    const content = this.#content(file)
    if (content === undefined) return undefined
    const entry = decodeEntry(content)
    if (entry !== undefined && entry.expiresAt > clock.now()) return entry
    discard(entry === undefined)
    return undefined
  }

  /** The same under the file's lock: removes what has to be discarded. */
  #lockedEntry(file: string): FileEntry | undefined {
    return this.#entry(file, (isBroken) => {
      if (isBroken) log.error(`The cache file ${file} is broken. It is removed.`)
      ifThere(() => unlinkSync(file))
    })
  }

  #read(key: string): Promise<string | undefined> {
    const file = this.#file(key)
    // Under the lock the file is read again: another process may have replaced it.
    const discard = (): void => void new FileLock(file).try(() => this.#lockedEntry(file))
    return this.#guarded(() => this.#entry(file, discard)?.text)
  }

  #write(file: string, text: string, expiresAt: number): void {
    if (this.#culling.isDue(1)) this.#cull()
    replaceFile(file, encodeEntry({ text, expiresAt }))
  }

  /** As Django: where there are too many, a random sample goes. */
  #cull(): void {
    const files = this.#files()
    if (files.length < this.#culling.maxEntries) return this.#culling.counted(files.length + 1)
    const surplus = this.#culling.surplus(files.length)
    for (let i = 0; i < surplus; i++) {
      const [file] = files.splice(Math.floor(Math.random() * files.length), 1)
      if (file !== undefined) ifThere(() => unlinkSync(file))
    }
    this.#culling.counted(files.length + 1)
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return (await this.#read(key)) as Value | undefined
  }

  async has(key: string): Promise<boolean> {
    return (await this.#read(key)) !== undefined
  }

  async set(key: string, text: string, ttl?: number): Promise<boolean> {
    await this.#locked(key, (file) => this.#write(file, text, expiry(ttl)))
    return true
  }

  async delete(key: string): Promise<boolean> {
    return this.#locked(key, (file, entry) => {
      ifThere(() => unlinkSync(file))
      return entry !== undefined
    })
  }

  async clear(): Promise<void> {
    await this.#guarded(async () => {
      for (const file of this.#files()) await new FileLock(file).run(() => ifThere(() => unlinkSync(file)))
    })
  }

  async add(key: string, text: string, ttl?: number): Promise<boolean> {
    return this.#locked(key, (file, entry) => {
      if (entry !== undefined) return false
      this.#write(file, text, expiry(ttl))
      return true
    })
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return this.#locked(key, (file, entry) => {
      if (entry === undefined) return false
      replaceFile(file, encodeEntry({ text: entry.text, expiresAt: expiry(ttl) }))
      return true
    })
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    return this.#locked(key, (file, entry) => {
      if (entry === undefined) return undefined
      const { sum, stored } = this.added(entry.text, delta, key)
      replaceFile(file, encodeEntry({ ...entry, text: stored }))
      return sum
    })
  }

  async getWithToken(key: string): Promise<TokenedText | undefined> {
    return ownToken(await this.#read(key))
  }

  async compareAndSet(key: string, text: string, token: string, ttl?: number): Promise<CasResult> {
    return this.#compare(key, token, (file) => replaceFile(file, encodeEntry({ text, expiresAt: expiry(ttl) })))
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    return this.#compare(key, token, (file) => unlinkSync(file))
  }

  #compare(key: string, token: string, work: (file: string) => void): Promise<CasResult> {
    return this.#locked(key, (file, entry) => {
      if (entry === undefined) return 'missing'
      if (entry.text !== token) return 'changed'
      work(file)
      return 'stored'
    })
  }
}
