/**
 * Sessions as files in a folder: `sessionid<key>`, with Django's text in them.
 *
 * Reading and writing does not wait for the event loop's next turn: a session is a few hundred bytes in the page
 * cache, and the detour through a thread costs more than the work. A folder on a slow network disk is better served by
 * another engine. As in Django, a whole number of seconds in setExpiry() counts from each reading.
 *
 * Other users may be able to write to the folder: what they put there is not read as a session, and blocks nothing.
 */
import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { settings } from '#core/conf'
import { clock, errorCode, fileFault, FileLock, getLogger, NotAFile, readRegularFile, writeNewFile } from '#core/utils'
import { decodeSession, encodeSession } from '../codec.ts'
import { InvalidSessionKey, SessionConflict, SessionGone, SessionTooBig } from '../exceptions.ts'
import { EXPIRY_KEY, expiryAge } from '../expiry.ts'
import { newSessionKey } from '../keys.ts'
import { SessionFolder } from '../session_folder.ts'
import type { LoadedSession, SavedSession, SessionRecord, SyncSessionStore as Store } from '../store.ts'

/** What names a file and is not too long to be the name of one. */
const isKey = (text: string): boolean => typeof text === 'string' && /^[a-z0-9]{1,64}$/.test(text)

const log = getLogger('django.security.SuspiciousSession')

/** Whether the file system denied access: in a shared folder, a file may belong to another user. */
const isDenied = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(errorCode(error) ?? '')

interface Found {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export class SessionStore implements Store {
  readonly #folder: SessionFolder
  readonly #prefix: string
  readonly #newKey: () => string

  constructor({
    folder = settings.SESSION_FILE_PATH,
    prefix = settings.SESSION_COOKIE_NAME,
    newKey = newSessionKey,
  } = {}) {
    this.#folder = new SessionFolder(folder)
    this.#prefix = prefix
    this.#newKey = newKey
  }

  /** The file of a key. @throws InvalidSessionKey for a text that no key of this engine is */
  keyToFile(key: string): string {
    if (!/^[a-z0-9]+$/.test(key)) throw new InvalidSessionKey('Invalid characters in session key')
    return path.join(this.#folder.path, this.#prefix + key)
  }

  /** @throws NotAFile for what cannot be a session's file */
  #readFile(file: string): Found | undefined {
    const found = readRegularFile(file, this.#folder.limits)
    return found && { text: found.content.toString('utf8'), modified: found.stats.mtimeMs }
  }

  #read(file: string): Found | undefined {
    try {
      return this.#readFile(file)
    } catch (error) {
      if (!(error instanceof NotAFile)) throw error
      // The name is the key, and stays out of the log.
      log.warning(`A file in '${this.#folder.path}' with the name of a session ${error.message}. It is not read.`)
      return undefined
    }
  }

  #isThere(file: string): boolean {
    const found = lstatSync(file, { throwIfNoEntry: false })
    return found !== undefined && fileFault(found, this.#folder.limits) === undefined
  }

  /** The content of a session's file. @throws SessionTooBig for one that is too large to be read again */
  #encode({ data }: SessionRecord): string {
    const text = encodeSession(data)
    const { most } = this.#folder.limits
    if (text.length > most) throw new SessionTooBig(text.length, most, data, 'file')
    return text
  }

  /** The session in a file, unless it has expired. */
  #session(found: Found): LoadedSession | undefined {
    const data = found.text === '' ? {} : decodeSession(found.text)
    const end = found.modified + settings.SESSION_COOKIE_AGE * 1000
    const left = data[EXPIRY_KEY] ? expiryAge(data) : Math.floor((end - clock.now()) / 1000)
    return left > 0 ? { data, version: found.text } : undefined
  }

  loadSync(key: string): LoadedSession | undefined {
    if (!isKey(key)) return undefined
    const file = this.keyToFile(key)
    const found = this.#read(file)
    if (found === undefined) {
      // A disk that is not there is an outage; taking it for a missing session would log everybody out.
      this.#folder.mustBeThere()
      return undefined
    }
    const session = this.#session(found)
    if (session === undefined) this.#tidy(file)
    return session
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    return this.loadSync(key)
  }

  async create(record: SessionRecord): Promise<Required<SavedSession>> {
    const text = this.#encode(record)
    this.#folder.verify()
    for (;;) {
      const key = this.#newKey()
      try {
        writeNewFile(this.keyToFile(key), text)
        return { key, version: text }
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error
      }
    }
  }

  async update(key: string, record: SessionRecord, version: string): Promise<Required<SavedSession>> {
    if (!isKey(key)) throw new SessionGone()
    const text = this.#encode(record)
    const file = this.keyToFile(key)
    this.#folder.verify()
    await new FileLock(file).replace(() => {
      this.#mustBe(file, version)
      return text
    })
    return { key, version: text }
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!isKey(key)) return false
    const file = this.keyToFile(key)
    this.#folder.verify()
    return new FileLock(file).run(() => {
      if (!this.#isThere(file)) return false
      if (version !== undefined) this.#mustBe(file, version)
      unlinkSync(file)
      return true
    })
  }

  async exists(key: string): Promise<boolean> {
    return isKey(key) && this.#isThere(this.keyToFile(key))
  }

  async clearExpired(): Promise<number> {
    let deleted = 0
    let skipped = 0
    this.#folder.verify()
    for (const name of readdirSync(this.#folder.path)) {
      if (!name.startsWith(this.#prefix) || !isKey(name.slice(this.#prefix.length))) continue
      try {
        if (this.#clear(path.join(this.#folder.path, name))) deleted++
      } catch (error) {
        if (!(error instanceof NotAFile) && !isDenied(error)) throw error
        skipped++
      }
      // Requests are served between two files.
      await nextTurn()
    }
    if (skipped > 0) {
      const why = 'they are not regular files, are too large or belong to another user'
      log.warning(`${skipped} files in '${this.#folder.path}' with names of sessions were skipped: ${why}.`)
    }
    return deleted
  }

  /** Removes a file if its session has expired. */
  #clear(file: string): boolean {
    const found = this.#readFile(file)
    return found !== undefined && this.#session(found) === undefined && this.#removeExpired(file)
  }

  #mustBe(file: string, version: string): void {
    const found = this.#read(file)
    const session = found && this.#session(found)
    if (session === undefined) throw new SessionGone()
    if (session.version !== version) throw new SessionConflict()
  }

  /** Removes an expired session that was found, if this process may. */
  #tidy(file: string): void {
    try {
      this.#removeExpired(file)
    } catch (error) {
      if (!isDenied(error)) throw error
    }
  }

  /** Removes a file whose session has expired, unless somebody is at work on it, who may bring it to life. */
  #removeExpired(file: string): boolean {
    let removed = false
    new FileLock(file).try(() => {
      const found = this.#read(file)
      if (found === undefined || this.#session(found) !== undefined) return
      unlinkSync(file)
      removed = true
    })
    return removed
  }
}
