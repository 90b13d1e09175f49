/** A cache in the files of a directory, shared by the processes of one machine. */
import { deflateSync, inflateSync, type InputType } from 'node:zlib'
import { pickledFloat, readPickle } from '#core/serialization/pickle'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { projectRoot, settingsAreLoaded } from '#core/conf'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import {
  clock,
  errorCode,
  FileLock,
  FolderIdentity,
  getLogger,
  ifThere,
  NotAFile,
  readRegularFile,
  replaceFile,
} from '#core/utils'
import { Culling } from '../parameters.ts'
import { Outage } from '../errors.ts'
import { PickleSerializer } from '../serializers.ts'
import { type BackendOptions, CacheStore, type CasResult, ownToken, type StoredValue } from '../store.ts'

// The format of a file is Django's: the pickle of the expiry, then the compressed value.

interface FileEntry {
  /** A byte string. */
  readonly stored: string
  /** Milliseconds since the epoch; infinite for no expiry. */
  readonly expiresAt: number
}

/** The size of the largest value in bytes. A small compressed file could otherwise fill the memory. */
const MAX_BYTES = 2 ** 28

/** The size of the largest file in bytes: incompressible data grows by less than 1 MiB. */
const MAX_FILE_BYTES = MAX_BYTES + 2 ** 20

/** Seconds since the epoch, or None. */
const pickledExpiry = (expiresAt: number): string =>
  `\x80\x04${Number.isFinite(expiresAt) ? pickledFloat(expiresAt / 1000) : 'N'}.`

/** @throws RangeError for a value that is too large to be read again */
function encodeEntry({ stored, expiresAt }: FileEntry): Buffer {
  if (stored.length > MAX_BYTES) {
    throw new RangeError(`A value in a file cache can have ${MAX_BYTES} bytes, and this one has ${stored.length}.`)
  }
  return Buffer.concat([Buffer.from(pickledExpiry(expiresAt), 'latin1'), deflateSync(Buffer.from(stored, 'latin1'))])
}

/** With `info`, zlib returns how far it has read, which Node's types do not include. */
type Inflate = (bytes: InputType, options: object) => { buffer: Buffer; engine: { bytesWritten: number } }

/** Undefined if the content is not a complete entry. */
function decodeEntry(content: Buffer): FileEntry | undefined {
  try {
    // The pickle of the expiry has a few bytes, or a few more in protocol 0.
    const { value, end } = readPickle(content.toString('latin1', 0, 100))
    if (value !== null && typeof value !== 'number') return undefined
    const packed = content.subarray(end)
    const { buffer, engine } = (inflateSync as unknown as Inflate)(packed, { info: true, maxOutputLength: MAX_BYTES })
    if (engine.bytesWritten !== packed.length) return undefined
    // Rounded, because seconds × 1000 is inexact.
    const expiresAt = value === null ? Number.POSITIVE_INFINITY : Math.round(value * 1e6) / 1e3
    return { stored: buffer.toString('latin1'), expiresAt }
  } catch {
    return undefined
  }
}

const log = getLogger('django.cache')

const NAME = /^[0-9a-f]{32}\.djcache$/

const expiry = (ttl: number | undefined): number => (ttl === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttl)

/** The file of a complete key, as Django names it. */
export const cacheFileName = (key: string): string => `${createHash('md5').update(key).digest('hex')}.djcache`

/** LOCATION is the directory, relative to the project. OPTIONS: MAX_ENTRIES, CULL_FREQUENCY. */
export class FileBasedCache extends CacheStore {
  readonly #directory: string
  readonly #identity: FolderIdentity
  readonly #outage: Outage
  readonly #culling: Culling

  constructor({ alias = 'default', location, options, serializer }: BackendOptions) {
    super({ serializer }, new PickleSerializer())
    if (typeof location !== 'string' || location === '') {
      throw new ImproperlyConfigured(`CACHES['${alias}'].LOCATION should be the folder for the cache's files.`)
    }
    this.#directory = path.resolve(settingsAreLoaded() ? projectRoot() : '.', location)
    this.#identity = new FolderIdentity(this.#directory)
    this.#outage = new Outage(alias, this.#directory)
    this.#culling = new Culling(options)
  }

  #file(key: string): string {
    return path.join(this.#directory, cacheFileName(key))
  }

  /** The paths of all entries, including the expired ones. */
  #files(): string[] {
    const found = ifThere(() => readdirSync(this.#directory, { withFileTypes: true })) ?? []
    const entries = found.filter((each) => NAME.test(each.name) && each.isFile())
    return entries.map(({ name }) => path.join(this.#directory, name))
  }

  /** The content of a file. Undefined for a symbolic link, a FIFO or a directory. */
  #content(file: string): Buffer | undefined {
    try {
      return readRegularFile(file, { most: MAX_FILE_BYTES })?.content
    } catch (error) {
      if (!(error instanceof NotAFile)) throw error
      log.error(`The cache file ${file} ${error.message}. It is not read.`)
      return undefined
    }
  }

  /** Runs `work`. A failing system call is an outage. */
  async #guarded<T>(kind: 'read' | 'write', work: () => T | Promise<T>): Promise<T> {
    const { failures } = this.#outage
    try {
      const result = await work()
      this.#outage.ended(kind, failures)
      return result
    } catch (error) {
      const isOutage = (error as NodeJS.ErrnoException).syscall !== undefined || error instanceof ServiceUnavailable
      throw isOutage ? this.#outage.began(error, kind) : error
    }
  }

  /** Runs `work` under the lock of the key's file. */
  #locked<T>(key: string, work: (file: string, entry: FileEntry | undefined) => T): Promise<T> {
    const file = this.#file(key)
    const lock = new FileLock(file)
    const locked = (): Promise<T> => {
      this.#identity.check()
      return lock.run(() => work(file, this.#lockedEntry(file)))
    }
    return this.#guarded('write', async () => {
      try {
        return await locked()
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error
        mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
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
    return this.#guarded('read', () => {
      const found = this.#entry(file, discard)
      // A disk that is not mounted is not an empty cache.
      if (found === undefined) ifThere(() => this.#identity.check())
      return found?.stored
    })
  }

  #write(file: string, stored: string, expiresAt: number): void {
    if (this.#culling.isDue(1)) this.#cull()
    replaceFile(file, encodeEntry({ stored, expiresAt }))
  }

  /** As in Django: if there are too many entries, a random sample is deleted. */
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

  async set(key: string, stored: string, ttl?: number): Promise<boolean> {
    await this.#locked(key, (file) => this.#write(file, stored, expiry(ttl)))
    return true
  }

  async delete(key: string): Promise<boolean> {
    return this.#locked(key, (file, entry) => {
      ifThere(() => unlinkSync(file))
      return entry !== undefined
    })
  }

  async clear(): Promise<void> {
    await this.#guarded('write', async () => {
      for (const file of this.#files()) await new FileLock(file).run(() => ifThere(() => unlinkSync(file)))
      if (existsSync(this.#directory)) await FileLock.clearStale(this.#directory, (name) => NAME.test(name))
    })
  }

  async add(key: string, stored: string, ttl?: number): Promise<boolean> {
    return this.#locked(key, (file, entry) => {
      if (entry !== undefined) return false
      this.#write(file, stored, expiry(ttl))
      return true
    })
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return this.#locked(key, (file, entry) => {
      if (entry === undefined) return false
      replaceFile(file, encodeEntry({ ...entry, expiresAt: expiry(ttl) }))
      return true
    })
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    return this.#locked(key, (file, entry) => {
      if (entry === undefined) return undefined
      const { sum, stored } = this.added(entry.stored, delta, key)
      replaceFile(file, encodeEntry({ ...entry, stored }))
      return sum
    })
  }

  async getWithToken(key: string): Promise<StoredValue | undefined> {
    return ownToken(await this.#read(key))
  }

  async compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult> {
    return this.#compare(key, token, (file) => replaceFile(file, encodeEntry({ stored, expiresAt: expiry(ttl) })))
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    return this.#compare(key, token, (file) => unlinkSync(file))
  }

  #compare(key: string, token: string, work: (file: string) => void): Promise<CasResult> {
    return this.#locked(key, (file, entry) => {
      if (entry === undefined) return 'missing'
      if (entry.stored !== token) return 'changed'
      work(file)
      return 'stored'
    })
  }
}
