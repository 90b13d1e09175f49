/**
 * Sessions as files in a directory: `sessionid<key>`, with Django's string in them.
 *
 * Files are read and written synchronously. A session is a few hundred bytes in the page cache, and a thread would cost
 * more than the work. For a directory on a slow network disk, use another engine.
 */
import { settings } from '#core/conf'
import { clock } from '#core/utils'
import { decodeSession, encodeSession } from '../codec.ts'
import { InvalidSessionKey, SessionConflict, SessionGone, SessionTooBig } from '../exceptions.ts'
import { expiresAt } from '../expiry.ts'
import {
  type LoadedSession,
  newSessionKey,
  type SavedSession,
  type SessionRecord,
  type SyncSessionStore as Store,
} from '../store.ts'
import { type SessionFile, SessionFiles } from '../session_files.ts'

/** The session in a file, unless it has expired. */
function sessionIn({ text, modified }: SessionFile): LoadedSession | undefined {
  const data = text === '' ? {} : decodeSession(text)
  const left = Math.floor((expiresAt(data, modified) - clock.now()) / 1000)
  return left > 0 ? { data, version: text } : undefined
}

const isExpired = (found: SessionFile): boolean => sessionIn(found) === undefined

export class SessionStore implements Store {
  readonly #files: SessionFiles
  readonly #newKey: () => string

  constructor({
    folder = settings.SESSION_FILE_PATH,
    prefix = settings.SESSION_COOKIE_NAME,
    newKey = newSessionKey,
  } = {}) {
    this.#files = new SessionFiles(folder, prefix)
    this.#newKey = newKey
  }

  /** The file of a key. @throws InvalidSessionKey for a string that is not a key of this engine */
  keyToFile(key: string): string {
    const file = this.#files.fileOf(key)
    if (file === undefined) throw new InvalidSessionKey('Invalid characters in session key')
    return file
  }

  /** The content of a session's file. @throws SessionTooBig for one that would be too large to be read again */
  #encode({ data }: SessionRecord): string {
    const text = encodeSession(data)
    const { most } = this.#files.limits
    if (text.length > most) throw new SessionTooBig(text.length, most, data, 'file')
    return text
  }

  #mustBe(file: string, version: string): void {
    const found = this.#files.read(file)
    const session = found && sessionIn(found)
    if (session === undefined) throw new SessionGone()
    if (session.version !== version) throw new SessionConflict()
  }

  loadSync(key: string): LoadedSession | undefined {
    const file = this.#files.fileOf(key)
    if (file === undefined) return undefined
    const found = this.#files.read(file)
    if (found === undefined) {
      this.#files.mustExist()
      return undefined
    }
    const session = sessionIn(found)
    if (session === undefined) this.#files.deleteExpired(file, isExpired)
    return session
  }

  async load(key: string): Promise<LoadedSession | undefined> {
    return this.loadSync(key)
  }

  async create(record: SessionRecord): Promise<Required<SavedSession>> {
    const text = this.#encode(record)
    for (;;) {
      const key = this.#newKey()
      if (this.#files.create(this.keyToFile(key), text)) return { key, version: text }
    }
  }

  async update(key: string, record: SessionRecord, version: string): Promise<Required<SavedSession>> {
    const file = this.#files.fileOf(key)
    if (file === undefined) throw new SessionGone()
    const text = this.#encode(record)
    await this.#files.replace(file, () => {
      this.#mustBe(file, version)
      return text
    })
    return { key, version: text }
  }

  async delete(key: string, version?: string): Promise<boolean> {
    const file = this.#files.fileOf(key)
    if (file === undefined) return false
    return this.#files.delete(file, () => {
      if (version !== undefined) this.#mustBe(file, version)
    })
  }

  async exists(key: string): Promise<boolean> {
    const file = this.#files.fileOf(key)
    return file !== undefined && this.#files.exists(file)
  }

  clearExpired(): Promise<number> {
    return this.#files.clearExpired(isExpired)
  }
}
