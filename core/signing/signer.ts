/**
 * Signed values: anyone may read them, and only the holder of SECRET_KEY can make them. With the signer of cookies.
 *
 * A signed string is `value:signature`; a timestamped one `value:time:signature`, the time in base62. The key of a
 * signature is SHA-256 of salt and secret, the signature HMAC-SHA256 in base64url without padding.
 */
import { deflateSync, inflateSync } from 'node:zlib'
import { loadedFromSettings, loadNamed, type Requirement, settings } from '#core/conf'
import { base62Encode, base62Number, parseJson, stringifyJson } from '#core/serialization'
import { clock, fastPaths, unixSeconds } from '#core/utils'
import { deriveOneShotKey, rememberKeys, worthCompressing } from './fast/signing.ts'
import { constantTimeEqual, deriveKey, type DeriveKey, type Secret, type SigningKey } from './signing_key.ts'

/** @throws InvalidAlgorithm */
const signingKey: DeriveKey = fastPaths ? rememberKeys(deriveOneShotKey) : deriveKey

/**
 * HMAC of a value under a key derived from a salt and a secret.
 * @param options.secret SECRET_KEY when absent
 * @param options.algorithm Django's own default here is sha1
 * @throws InvalidAlgorithm
 */
export function saltedHmac(
  salt: string,
  value: string | Uint8Array,
  { secret = settings.SECRET_KEY, algorithm = 'sha1' }: { secret?: Secret; algorithm?: string } = {},
): Buffer {
  return signingKey(salt, secret, algorithm).digest(value)
}

/** Turns values into bytes and back; SESSION_SERIALIZER and the `serializer` of dumps() name such a class. */
export interface Serializer {
  dumps(value: unknown): Uint8Array
  loads(bytes: Uint8Array): unknown
}

export type SerializerClass = new () => Serializer

/** The same bytes as a Buffer, without a copy. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Tight ASCII JSON, as Django's serializer of the same name writes it. */
export class JSONSerializer implements Serializer {
  dumps(value: unknown): Uint8Array {
    return Buffer.from(stringifyJson(value), 'latin1')
  }

  loads(bytes: Uint8Array): unknown {
    return parseJson(asBuffer(bytes).toString('latin1'))
  }
}

export const b64Encode = (bytes: Uint8Array): string => asBuffer(bytes).toString('base64url')

export const b64Decode = (text: string): Buffer => Buffer.from(text, 'base64url')

/** The signature does not match: the value was changed, cut, or signed with another key or salt. */
export class BadSignature extends Error {
  override readonly name: string = 'BadSignature'
}

/** The signature matches, but is older than allowed. */
export class SignatureExpired extends BadSignature {
  override readonly name = 'SignatureExpired'
}

export interface SignerOptions {
  /** SECRET_KEY when absent. */
  readonly key?: Secret
  /** Between value and signature; `:` when absent. */
  readonly sep?: string
  /** Keeps uses apart: a string signed with one salt is not valid with another. */
  readonly salt?: string
  readonly algorithm?: string
  /** Keys that verify but never sign; SECRET_KEY_FALLBACKS when absent. */
  readonly fallbackKeys?: readonly Secret[]
}

export interface ObjectOptions {
  readonly compress?: boolean
  readonly serializer?: SerializerClass
}

/** Whether it is worth trying to compress data. */
const mayShrink: (bytes: Uint8Array) => boolean = fastPaths ? worthCompressing : () => true

export class Signer {
  readonly #key: Secret
  readonly #fallbackKeys: readonly Secret[] | undefined
  readonly #salt: string
  readonly #algorithm: string
  #derived: SigningKey | undefined
  readonly sep: string

  constructor({ key, sep = ':', salt, algorithm = 'sha256', fallbackKeys }: SignerOptions = {}) {
    // The range A-z is Django's own, with the six characters between Z and a.
    if (/^[A-z0-9\-_=]*$/.test(sep)) {
      throw new TypeError(`Unsafe Signer separator: '${sep}' (cannot be empty or consist of only A-z0-9-_=)`)
    }
    this.#key = key === undefined || key.length === 0 ? settings.SECRET_KEY : key
    this.#fallbackKeys = fallbackKeys
    this.#salt = salt ?? this.defaultSalt
    this.#algorithm = algorithm
    this.sep = sep
  }

  /** Django's name of the class, so that both sides sign alike. A subclass has its own. */
  protected get defaultSalt(): string {
    return `django.core.signing.${this.constructor.name}`
  }

  get #own(): SigningKey {
    return (this.#derived ??= this.#derive(this.#key))
  }

  #derive(key: Secret): SigningKey {
    return signingKey(`${this.#salt}signer`, key, this.#algorithm)
  }

  /** The signature of a value, without the value. */
  signature(value: string, key: Secret = this.#key): string {
    return (key === this.#key ? this.#own : this.#derive(key)).signature(value)
  }

  /** The value, as a string, followed by its signature. */
  sign(value: string | number): string {
    return `${value}${this.sep}${this.signature(String(value))}`
  }

  /**
   * The value of a signed string.
   * @throws BadSignature
   */
  unsign(signed: string): string {
    const at = signed.lastIndexOf(this.sep)
    if (at < 0) throw new BadSignature(`No "${this.sep}" found in value`)
    const value = signed.slice(0, at)
    const signature = signed.slice(at + this.sep.length)
    const check = (): boolean => constantTimeEqual(signature, this.signature(value))
    // A subclass may sign in another way: its strings are not those that the key signs by itself.
    const isKeys = this.signature === Signer.prototype.signature
    if (isKeys ? this.#own.verify(signed, this.sep, check) : check()) return value
    for (const key of this.#fallbackKeys ?? settings.SECRET_KEY_FALLBACKS) {
      if (constantTimeEqual(signature, this.signature(value, key))) return value
    }
    throw new BadSignature(`Signature "${signature}" does not match`)
  }

  /** Serializes, compresses if requested and shorter, and signs. */
  signObject(value: unknown, { compress = false, serializer = JSONSerializer }: ObjectOptions = {}): string {
    return this.signSerialized(new serializer().dumps(value), compress)
  }

  /**
   * What signObject() does with the serialized value.
   * @param value bytes, or a string in which each character stands for one byte
   */
  signSerialized(value: Uint8Array | string, compress = false): string {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value
    if (compress && mayShrink(bytes)) {
      const compressed = deflateSync(bytes)
      // The dot costs a character; Django's own test for a gain.
      if (compressed.length < bytes.length - 1) return this.sign(`.${b64Encode(compressed)}`)
    }
    return this.sign(b64Encode(bytes))
  }

  /**
   * The value that signObject() was given.
   * @throws BadSignature; any other error when the signature matches but the content was not written by signObject()
   */
  unsignObject(signed: string, { serializer = JSONSerializer }: ObjectOptions = {}): unknown {
    return new serializer().loads(this.unsignSerialized(signed))
  }

  /**
   * The serialized value that signSerialized() was given, as bytes.
   * @throws BadSignature, or an error of zlib
   */
  unsignSerialized(signed: string): Buffer {
    return unpack(this.unsign(signed))
  }
}

const unpack = (text: string): Buffer =>
  text.startsWith('.') ? inflateSync(b64Decode(text.slice(1))) : b64Decode(text)

/** Seconds that a timestamped signature may be old; null and undefined for any age. */
export interface AgeLimit {
  readonly maxAge?: number | null | undefined
}

/** @throws SignatureExpired */
function refuseOlder(seconds: number, maxAge: number): void {
  const age = clock.now() / 1000 - seconds
  if (age > maxAge) throw new SignatureExpired(`Signature age ${age} > ${maxAge} seconds`)
}

export class TimestampSigner extends Signer {
  override sign(value: string | number): string {
    return super.sign(`${value}${this.sep}${base62Encode(unixSeconds())}`)
  }

  /**
   * The value of a signed string.
   * @param options.maxAge seconds; a signature of exactly this age is still valid
   * @throws SignatureExpired, BadSignature; TypeError when the string is signed, but not by a TimestampSigner
   */
  override unsign(signed: string, { maxAge }: AgeLimit = {}): string {
    const stamped = super.unsign(signed)
    const at = stamped.lastIndexOf(this.sep)
    if (at < 0) throw new TypeError('The value is signed, but has no timestamp.')
    const seconds = base62Number(stamped.slice(at + this.sep.length))
    if (maxAge !== undefined && maxAge !== null) refuseOlder(seconds, maxAge)
    return stamped.slice(0, at)
  }

  /** When an authentic string was signed, in milliseconds since the epoch. */
  signedAt(signed: string): number {
    const end = signed.lastIndexOf(this.sep)
    const begin = signed.lastIndexOf(this.sep, end - 1) + this.sep.length
    return base62Number(signed.slice(begin, end)) * 1000
  }

  override unsignObject(
    signed: string,
    { serializer = JSONSerializer, maxAge }: ObjectOptions & AgeLimit = {},
  ): unknown {
    return new serializer().loads(this.unsignSerialized(signed, { maxAge }))
  }

  /** @throws SignatureExpired, BadSignature, or an error of zlib */
  override unsignSerialized(signed: string, limit: AgeLimit = {}): Buffer {
    return unpack(this.unsign(signed, limit))
  }
}

export interface DumpsOptions extends ObjectOptions {
  readonly key?: Secret
  /** `django.core.signing` when absent. */
  readonly salt?: string
}

export interface LoadsOptions {
  readonly key?: Secret
  readonly salt?: string
  readonly serializer?: SerializerClass
  /** Seconds. */
  readonly maxAge?: number | null
  readonly fallbackKeys?: readonly Secret[]
}

const DEFAULT_SALT = 'django.core.signing'

/** A value as a signed, timestamped string that is safe in URLs and cookies. */
export function dumps(value: unknown, { key, salt = DEFAULT_SALT, ...options }: DumpsOptions = {}): string {
  return new TimestampSigner({ salt, ...(key !== undefined && { key }) }).signObject(value, options)
}

/**
 * The value that dumps() was given.
 * @throws SignatureExpired, BadSignature; any other error when the signature matches but dumps() did not write the content
 */
export function loads(
  text: string,
  { key, salt = DEFAULT_SALT, fallbackKeys, ...options }: LoadsOptions = {},
): unknown {
  const signer = new TimestampSigner({ salt, ...(key !== undefined && { key }), ...(fallbackKeys && { fallbackKeys }) })
  return signer.unsignObject(text, options)
}

/** The secret of signed cookies, kept apart from the other uses of SECRET_KEY. */
const cookieKey = (secret: Secret): Buffer => Buffer.concat([Buffer.from('django.http.cookies'), Buffer.from(secret)])

const SIGNER: Requirement<typeof TimestampSigner> = {
  expected: 'TimestampSigner of #core/signing or a subclass of it',
  accepts: (value): value is typeof TimestampSigner =>
    typeof value === 'function' && (value === TimestampSigner || value.prototype instanceof TimestampSigner),
}

const cookieSignerClass = loadedFromSettings('SIGNING_BACKEND', () =>
  loadNamed('SIGNING_BACKEND', settings.SIGNING_BACKEND, SIGNER),
)

/** The signer of cookies under a salt. */
export function getCookieSigner(salt = 'django.core.signing.get_cookie_signer'): TimestampSigner {
  const CookieSigner = cookieSignerClass()
  return new CookieSigner({
    salt,
    key: cookieKey(settings.SECRET_KEY),
    fallbackKeys: settings.SECRET_KEY_FALLBACKS.map(cookieKey),
  })
}
