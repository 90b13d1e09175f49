/**
 * Sessions inside their cookie: signed, readable by the client, limited to what a cookie can hold.
 *
 * Nothing is stored, so nothing can be taken back: a copied cookie stays good until it expires, logout
 * or not, and of two concurrent requests the last response wins. Use another engine where that matters.
 */
import { settings } from '#core/conf'
import { clock } from '#core/utils'
import { encodeSession, readSession, sessionSignedAt } from '../codec.ts'
import { SessionTooBig } from '../exceptions.ts'
import { expiresAt } from '../expiry.ts'
import type { LoadedSession, SavedSession, SessionRecord, SyncSessionStore as Store } from '../store.ts'

/** Of name and value together, as browsers take them (RFC 6265bis, section 5.6). */
const MOST_BYTES = 4096

const SALT = 'django.contrib.sessions.backends.signed_cookies'

export class SessionStore implements Store {
  readonly isInCookie = true

  /** Anything that is not a good signature over session data is no session. Its age counts from the signature. */
  loadSync(cookie: string): LoadedSession | undefined {
    try {
      const data = readSession(cookie, SALT)
      const signedAt = sessionSignedAt(cookie, SALT)
      return expiresAt(data, signedAt) >= clock.now() ? { data, version: cookie } : undefined
    } catch {
      return undefined
    }
  }

  async load(cookie: string): Promise<LoadedSession | undefined> {
    return this.loadSync(cookie)
  }

  /** @throws SessionTooBig when no browser would keep the cookie */
  async create({ data }: SessionRecord): Promise<Required<SavedSession>> {
    const cookie = encodeSession(data, SALT)
    const size = settings.SESSION_COOKIE_NAME.length + cookie.length
    if (size > MOST_BYTES) throw new SessionTooBig(size, MOST_BYTES, data)
    return { key: cookie, version: cookie }
  }

  update(_cookie: string, record: SessionRecord): Promise<Required<SavedSession>> {
    return this.create(record)
  }

  /** Nothing is stored, so that a copy of the cookie stays valid. @returns whether it is a valid one */
  async delete(cookie: string): Promise<boolean> {
    return this.loadSync(cookie) !== undefined
  }

  async exists(): Promise<boolean> {
    return false
  }

  /** Nothing is stored. */
  async clearExpired(): Promise<number> {
    return 0
  }
}
