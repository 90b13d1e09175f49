/** Tokens of password reset links: good for a while, for one user, until the password or the last login changes. */
import { settings } from '#core/conf'
import { connections, connectionZone, localDateString } from '#core/db'
import { constantTimeEqual, saltedHmac } from '#core/signing'
import { clock } from '#core/utils'

/** What a token hangs on. */
export interface TokenUser {
  readonly id: unknown
  readonly password: string
  readonly lastLogin?: Date | null
  readonly email?: string | null
  readonly databaseAlias?: string
}

/** Django's, so that a link from one side is good on the other. */
const KEY_SALT = 'django.contrib.auth.tokens.PasswordResetTokenGenerator'

/** A whole number in base 36, in lower case. */
export function intToBase36(number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new TypeError('Base 36 is for whole numbers from 0 on.')
  return number.toString(36)
}

/** @throws TypeError when the text is none, or of more than 13 digits */
export function base36ToInt(text: string): number {
  if (!/^[0-9a-z]{1,13}$/i.test(text)) throw new TypeError('This is no number in base 36 of up to 13 digits.')
  return Number.parseInt(text, 36)
}

/** An id as a link has it. */
export const encodeUid = (id: unknown): string => Buffer.from(String(id)).toString('base64url')

/** Characters of the longest id in a link. Ids are numbers, UUIDs or other short keys. */
const MAX_UID_LENGTH = 2048

/** Characters of the longest token: 13 of the time, a hyphen, 32 of the hash, and room for a project's own generator. */
const MAX_TOKEN_LENGTH = 256

/** The id in a link; undefined for a text that is none. */
export function decodeUid(text: string): string | undefined {
  if (text.length > MAX_UID_LENGTH) return undefined
  const id = Buffer.from(text, 'base64url').toString()
  return encodeUid(id) === text ? id : undefined
}

/** A date as Python writes one without its zone, to the second. */
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

  /** Whether a token was made for this user, and nothing has happened since. */
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

  /** Whole seconds since 2001 by the wall clock of TIME_ZONE, as Django counts them. */
  protected now(): number {
    const wall = localDateString(Math.floor(clock.now() / 1000) * 1000, settings.TIME_ZONE)
    return (Date.parse(`${wall.replace(' ', 'T')}Z`) - Date.UTC(2001, 0, 1)) / 1000
  }

  /** What a token hangs on: when one of these changes, it is no longer good. */
  protected hashValue(user: TokenUser, seconds: number): string {
    return `${String(user.id)}${user.password}${withoutZone(user)}${seconds}${user.email ?? ''}`
  }

  #token(user: TokenUser, seconds: number, secret: string): string {
    const hash = saltedHmac(this.keySalt, this.hashValue(user, seconds), { secret, algorithm: 'sha256' }).toString(
      'hex',
    )
    // Every second digit, to keep the link short.
    return `${intToBase36(seconds)}-${hash.replace(/(.)./g, '$1')}`
  }
}

export const defaultTokenGenerator = new PasswordResetTokenGenerator()
