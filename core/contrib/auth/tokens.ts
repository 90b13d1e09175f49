/** Password reset tokens: valid for one user and a limited time, until the password, last login or email changes. */
import { settings } from '#core/conf'
import { connections, connectionZone, localDateString } from '#core/db'
import { constantTimeEqual, saltedHmac } from '#core/signing'
import { clock } from '#core/utils'

/** The attributes of a user that a token depends on. */
export interface TokenUser {
  readonly id: unknown
  readonly password: string
  readonly lastLogin?: Date | null
  readonly email?: string | null
  readonly databaseAlias?: string
}

/** Django's salt, so that links are interchangeable with Django. */
const KEY_SALT = 'django.contrib.auth.tokens.PasswordResetTokenGenerator'

/** Formats a non-negative integer in base 36, in lower case. @throws TypeError for any other number */
export function intToBase36(number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new TypeError('Base 36 is for whole numbers from 0 on.')
  return number.toString(36)
}

/** @throws TypeError for a string that is not base 36 or has more than 13 digits */
export function base36ToInt(text: string): number {
  if (!/^[0-9a-z]{1,13}$/i.test(text)) throw new TypeError('This is no number in base 36 of up to 13 digits.')
  return Number.parseInt(text, 36)
}

/** Encodes a user id for a link, in base64url. */
export const encodeUid = (id: unknown): string => Buffer.from(String(id)).toString('base64url')

/** Maximum length of an encoded id, in characters. Ids are numbers, UUIDs or other short keys. */
const MAX_UID_LENGTH = 2048

/** Maximum length of a token: 13 characters for the time, a hyphen, 32 for the hash, and room for custom generators. */
const MAX_TOKEN_LENGTH = 256

/** Decodes the id in a link; undefined if it is invalid. */
export function decodeUid(text: string): string | undefined {
  if (text.length > MAX_UID_LENGTH) return undefined
  const id = Buffer.from(text, 'base64url').toString()
  return encodeUid(id) === text ? id : undefined
}

/** The last login as `str()` of a naive Python datetime without microseconds; empty if there is none. */
function withoutZone({ lastLogin, databaseAlias }: TokenUser): string {
  if (lastLogin === null || lastLogin === undefined) return ''
  const zone = connectionZone(connections.database(databaseAlias).entry)
  return localDateString(Math.floor(lastLogin.getTime() / 1000) * 1000, zone)
}

export class PasswordResetTokenGenerator {
  readonly keySalt: string = KEY_SALT

  makeToken(user: TokenUser): string {
    return this.#token(user, this.now(), settings.SECRET_KEY)
  }

  /** Whether a token was made for this user, has not expired, and the user has not changed since. */
  checkToken(user: TokenUser | null, token: string | null): boolean {
    if (user === null || token === null || token.length > MAX_TOKEN_LENGTH) return false
    const parts = token.split('-')
    const [stamp] = parts
    if (stamp === undefined || parts.length !== 2) return false
    if (!/^[0-9a-z]{1,13}$/i.test(stamp)) return false
    const seconds = base36ToInt(stamp)
    if (!Number.isSafeInteger(seconds)) return false
    const keys = [settings.SECRET_KEY, ...settings.SECRET_KEY_FALLBACKS]
    if (!keys.some((key) => constantTimeEqual(this.#token(user, seconds, key), token))) return false
    return this.now() - seconds <= settings.PASSWORD_RESET_TIMEOUT
  }

  /** Seconds since 2001-01-01 in the local time of TIME_ZONE, as in Django. */
  protected now(): number {
    const wall = localDateString(Math.floor(clock.now() / 1000) * 1000, settings.TIME_ZONE)
    return (Date.parse(`${wall.replace(' ', 'T')}Z`) - Date.UTC(2001, 0, 1)) / 1000
  }

  /** The string that is hashed. A token becomes invalid when it changes. */
  protected hashValue(user: TokenUser, seconds: number): string {
    return `${String(user.id)}${user.password}${withoutZone(user)}${seconds}${user.email ?? ''}`
  }

  #token(user: TokenUser, seconds: number, secret: string): string {
    const hash = saltedHmac(this.keySalt, this.hashValue(user, seconds), { secret, algorithm: 'sha256' }).toString(
      'hex',
    )
    // Every second digit, for a shorter link, as in Django.
    return `${intToBase36(seconds)}-${hash.replace(/(.)./g, '$1')}`
  }
}

export const defaultTokenGenerator = new PasswordResetTokenGenerator()
