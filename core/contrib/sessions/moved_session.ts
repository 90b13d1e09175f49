/**
 * What a rotation of the session key leaves under the old key: a marker that says "moved, not ended".
 *
 * Requests that had loaded the session before follow the marker, to save their changes where the session is now. For
 * every other request the old key is unknown. `docs/decisions/0017` has the threat model.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { settings } from '#core/conf'
import { saltedHmac, type Secret } from '#core/signing'
import { clock } from '#core/utils'
import { EXPIRY_KEY, isoText } from './expiry.ts'
import type { SessionDict, SessionRecord } from './store.ts'

/** Seconds for which the marker is kept: longer than requests usually run. */
const MARKER_SECONDS = 60

/** The key under which a marker keeps the new session key, encrypted: Django shows a marker as ordinary content. */
const MOVED_KEY = '_session_moved'

/** Django's session keys of the logged-in user. */
export const USER_ID_KEY = '_auth_user_id'
export const USER_BACKEND_KEY = '_auth_user_backend'
export const USER_HASH_KEY = '_auth_user_hash'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

const cipherKey = (secret: Secret): Buffer =>
  saltedHmac('nuages.sessions.moved', 'key', { secret, algorithm: 'sha256' })

/** The old key is authenticated too, so that a marker is worth nothing under another key. */
function encrypt(text: string, oldKey: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, cipherKey(settings.SECRET_KEY), nonce).setAAD(Buffer.from(oldKey))
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** @throws Error if the text was not encrypted with this secret for this key */
function decrypt(sealed: Buffer, oldKey: string, secret: Secret): string {
  const decipher = createDecipheriv(CIPHER, cipherKey(secret), sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(oldKey)).setAuthTag(sealed.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString()
}

/** The record that replaces the session under `oldKey`. */
export function markerOf(oldKey: string, newKey: string): SessionRecord {
  const expiresAt = clock.now() + MARKER_SECONDS * 1000
  return { data: { [MOVED_KEY]: encrypt(newKey, oldKey), [EXPIRY_KEY]: isoText(expiresAt) }, expiresAt }
}

/** The key to which the session under `key` has moved; undefined if the content is no marker of this site. */
export function movedTo(key: string, data: Readonly<SessionDict>): string | undefined {
  const sealed = data[MOVED_KEY]
  if (typeof sealed !== 'string') return undefined
  const bytes = Buffer.from(sealed, 'base64url')
  for (const secret of [settings.SECRET_KEY, ...settings.SECRET_KEY_FALLBACKS]) {
    try {
      return decrypt(bytes, key, secret)
    } catch {
      // Encrypted with another secret, or not by this site.
    }
  }
  return undefined
}

/** Whether two contents belong to the same login: the same user, by the same backend and password. */
export const isSameLogin = (a: Readonly<SessionDict>, b: Readonly<SessionDict>): boolean =>
  [USER_ID_KEY, USER_BACKEND_KEY, USER_HASH_KEY].every((key) => a[key] === b[key])

/** Gives `data` the login of `from`. */
export function keepLogin(data: SessionDict, from: Readonly<SessionDict>): void {
  for (const key of [USER_ID_KEY, USER_BACKEND_KEY, USER_HASH_KEY]) {
    if (Object.hasOwn(from, key)) data[key] = from[key]
    else delete data[key]
  }
}
