/**
 * Sessions as files in a folder: `sessionid<key>`, with Django's text in them.
 *
 * Reading and writing does not wait for the event loop's next turn: a session is a few hundred bytes in the page
 * cache, and the detour through a thread costs more than the work. A folder on a slow network disk is better served by
 * another engine. As in Django, a whole number of seconds in setExpiry() counts from each reading.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, errorCode, FileLock, ifThere, writeNewFile } from '#core/utils'
import { decodeSession, encodeSession } from '../codec.ts'
import { InvalidSessionKey, SessionConflict, SessionGone } from '../exceptions.ts'
import { EXPIRY_KEY, expiryAge } from '../expiry.ts'
import { newSessionKey } from '../keys.ts'
import type { LoadedSession, SessionRecord, SessionStore as Store } from '../store.ts'

/** What names a file and is not too long to be the name of one. */
const isKey = (text: string): boolean => /^[a-z0-9]{1,64}$/.test(text)

interface Found {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export class SessionStore implements Store {
  readonly #folder: string
  readonly #prefix: string
  readonly #newKey: () => string

  constructor({
    folder = settings.SESSION_FILE_PATH ?? tmpdir(),
    prefix = settings.SESSION_COOKIE_NAME,
    newKey = newSessionKey,
  } = {}) {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new ImproperlyConfigured(
        `The session storage path '${folder}' doesn't exist. Please set SESSION_FILE_PATH to an existing folder.`,
      )
    }
    this.#folder = folder
    this.#prefix = prefix
    this.#newKey = newKey
  }

  /** The file of a key. @throws InvalidSessionKey for a text that no key of this engine is */
  keyToFile(key: string): string {
    if (!/^[a-z0-9]+$/.test(key)) throw new InvalidSessionKey('Invalid characters in session key')
    return path.join(this.#folder, this.#prefix + key)
  }

  #read(file: string): Found | undefined {
    return ifThere(() => {
      const descriptor = openSync(file, 'r')
      try {
        return { text: readFileSync(descriptor, 'utf8'), modified: fstatSync(descriptor).mtimeMs }
      } finally {
        closeSync(descriptor)
      }
    })
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
      statSync(this.#folder)
      return undefined
    }
    const session = this.#session(found)
    if (session === undefined) this.#removeExpired(file)
    return session
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    return this.loadSync(key)
  }

  async create(record: SessionRecord): Promise<{ key: string; version: string }> {
    const text = encodeSession(record.data)
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

  async update(key: string, record: SessionRecord, version: string): Promise<{ key: string; version: string }> {
    const text = encodeSession(record.data)
    const file = this.keyToFile(key)
    await new FileLock(file).replace(() => {
      this.#mustBe(file, version)
      return text
    })
    return { key, version: text }
  }

  async delete(key: string, version?: string): Promise<boolean> {
    if (!isKey(key)) return false
    const file = this.keyToFile(key)
    return new FileLock(file).run(() => {
      if (!existsSync(file)) return false
      if (version !== undefined) this.#mustBe(file, version)
      unlinkSync(file)
      return true
    })
  }

  async exists(key: string): Promise<boolean> {
    return isKey(key) && existsSync(this.keyToFile(key))
  }

  async clearExpired(): Promise<number> {
    let deleted = 0
    for (const name of readdirSync(this.#folder)) {
      if (!name.startsWith(this.#prefix) || !isKey(name.slice(this.#prefix.length))) continue
      const found = this.#read(path.join(this.#folder, name))
      if (found === undefined || this.#session(found) !== undefined) continue
      if (this.#removeExpired(path.join(this.#folder, name))) deleted++
      // Others want to be served between two files.
      await pause(0)
    }
    return deleted
  }

  #mustBe(file: string, version: string): void {
    const found = this.#read(file)
    const session = found && this.#session(found)
    if (session === undefined) throw new SessionGone()
    if (session.version !== version) throw new SessionConflict()
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
