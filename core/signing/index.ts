/**
 * Values that anyone may read and only we may write, byte for byte as Django signs them.
 *
 * A signed text is `value:signature`; a timestamped one `value:time:signature`, the time in base62. The key of a
 * signature is SHA-256 of salt and secret, the signature HMAC-SHA256 in base64url without padding.
 */
import { createHash, getHashes, timingSafeEqual } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, importName, unixSeconds } from '#core/utils'
import { BoundedCache } from '#core/concurrency'
import { base62Encode, base62Number, parseJson, stringifyJson } from '#core/serialization'
import { worthCompressing } from './fast/worth_compressing.ts'
import { Hmac, ReusableBuffer } from './fast/hmac.ts'

/** The signature does not match: the value was changed, cut, or signed with another key or salt. */
export class BadSignature extends Error {
  override readonly name: string = 'BadSignature'
}

/** The signature matches, but is older than allowed. */
export class SignatureExpired extends BadSignature {
  override readonly name = 'SignatureExpired'
}

/** The hash algorithm is not one that this Node knows. */
export class InvalidAlgorithm extends Error {
  override readonly name = 'InvalidAlgorithm'
}

export type Secret = string | Uint8Array

/** Turns values into bytes and back; SESSION_SERIALIZER and the `serializer` of dumps() name such a class. */
export interface Serializer {
  dumps(value: unknown): Uint8Array
  loads(bytes: Uint8Array): unknown
}

export type SerializerClass = new () => Serializer

/** The same bytes, not copied. */
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

/** Characters of a text that is short. */
const SHORT = 1000

const scratch = new ReusableBuffer(SHORT)

/** The bytes of a text that has one in each character. They are good until the next text. */
function bytesOf(text: string): Buffer {
  if (text.length > SHORT) return Buffer.from(text, 'latin1')
  return scratch.beginning(scratch.bytes.write(text, 'latin1'))
}

export const b64Encode = (bytes: Uint8Array): string => asBuffer(bytes).toString('base64url')

export const b64Decode = (text: string): Buffer => Buffer.from(text, 'base64url')

const knownAlgorithms = new Set(getHashes())

/** The key for a salt and a secret, with texts that were signed with it not long ago. */
interface DerivedKey {
  readonly hmac: Hmac
  /**
   * The separator of each signed string that was found to be good: a cookie that is sent again need not be verified again.
   * With another separator the same string has another value and another signature.
   */
  readonly known: BoundedCache<string>
}

// Deriving a key costs as much as the signature itself, and a process has few salts and secrets.
const derivedKeys = new Map<string, DerivedKey>()
const MOST_DERIVED_KEYS = 1000

function derivedKey(salt: string, secret: Secret, algorithm: string): DerivedKey {
  // Text has no lone bytes and bytes come as base64, so that one is never taken for the other.
  const name = typeof secret === 'string' ? `t${secret}` : `b${b64Encode(secret)}`
  // The length of the salt keeps different pairs of salt and secret apart.
  const id = `${algorithm}\0${salt.length}\0${salt}${name}`
  let derived = derivedKeys.get(id)
  if (derived === undefined) {
    if (!knownAlgorithms.has(algorithm)) {
      throw new InvalidAlgorithm(`'${algorithm}' is not an algorithm accepted by the hashlib module.`)
    }
    if (derivedKeys.size >= MOST_DERIVED_KEYS) derivedKeys.clear()
    const bytes = createHash(algorithm).update(salt).update(secret).digest()
    derived = { hmac: new Hmac(algorithm, bytes), known: new BoundedCache() }
    derivedKeys.set(id, derived)
  }
  return derived
}

/**
 * HMAC of a value under a key derived from a salt and a secret, as django.utils.crypto.salted_hmac.
 * @param options.secret SECRET_KEY when absent
 * @param options.algorithm Django's own default here is sha1
 */
export function saltedHmac(
  salt: string,
  value: string | Uint8Array,
  { secret = settings.SECRET_KEY, algorithm = 'sha1' }: { secret?: Secret; algorithm?: string } = {},
): Buffer {
  return derivedKey(salt, secret, algorithm).hmac.digest(value)
}

/** Whether two texts are equal, in a time that does not tell where they differ. */
export function constantTimeEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

export interface SignerOptions {
  /** SECRET_KEY when absent. */
  readonly key?: Secret
  /** Between value and signature; `:` when absent. */
  readonly sep?: string
  /** Keeps uses apart: what was signed with one salt is no good with another. */
  readonly salt?: string
  readonly algorithm?: string
  /** Keys that verify but never sign; SECRET_KEY_FALLBACKS when absent. */
  readonly fallbackKeys?: readonly Secret[]
}

export interface ObjectOptions {
  readonly compress?: boolean
  readonly serializer?: SerializerClass
}

export class Signer {
  readonly #key: Secret
  readonly #fallbackKeys: readonly Secret[] | undefined
  readonly #salt: string
  readonly #algorithm: string
  #derived: DerivedKey | undefined
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

  /** Django's name of the class, so that both sides sign alike. A subclass has one of its own. */
  protected get defaultSalt(): string {
    return `django.core.signing.${this.constructor.name}`
  }

  /** The signature of a value, without the value. */
  signature(value: string, key: Secret = this.#key): string {
    const derived = key === this.#key ? this.#own : derivedKey(`${this.#salt}signer`, key, this.#algorithm)
    return derived.hmac.base64url(value)
  }

  get #own(): DerivedKey {
    return (this.#derived ??= derivedKey(`${this.#salt}signer`, this.#key, this.#algorithm))
  }

  /** The value, as text, with its signature behind it. */
  sign(value: string | number): string {
    return `${value}${this.sep}${this.signature(String(value))}`
  }

  /**
   * The value of a signed text.
   * @throws BadSignature
   */
  unsign(signed: string): string {
    const at = signed.lastIndexOf(this.sep)
    if (at < 0) throw new BadSignature(`No "${this.sep}" found in value`)
    const value = signed.slice(0, at)
    const { known } = this.#own
    // Remembered strings were verified with this class's signature: a subclass with another one verifies each time.
    const isRemembered = this.signature === Signer.prototype.signature
    if (isRemembered && known.get(signed) === this.sep) return value
    const signature = signed.slice(at + this.sep.length)
    if (constantTimeEqual(signature, this.signature(value))) {
      if (isRemembered) known.add(signed, this.sep)
      return value
    }
    for (const key of this.#fallbackKeys ?? settings.SECRET_KEY_FALLBACKS) {
      if (constantTimeEqual(signature, this.signature(value, key))) return value
    }
    throw new BadSignature(`Signature "${signature}" does not match`)
  }

  /** Serializes, compresses where asked for and shorter, and signs. */
  signObject(value: unknown, { compress = false, serializer = JSONSerializer }: ObjectOptions = {}): string {
    return this.signSerialized(new serializer().dumps(value), compress)
  }

  /** What signObject() does with the serialized value. It is given bytes, or a text whose characters are bytes. */
  signSerialized(value: Uint8Array | string, compress = false): string {
    const bytes = typeof value === 'string' ? bytesOf(value) : value
    if (compress && worthCompressing(bytes)) {
      const compressed = deflateSync(bytes)
      // The dot costs a character; Django's own test for a gain.
      if (compressed.length < bytes.length - 1) return this.sign(`.${b64Encode(compressed)}`)
    }
    return this.sign(b64Encode(bytes))
  }

  /**
   * The value that signObject() was given.
   * @throws BadSignature; any other error when the signature is right and the content is none of ours
   */
  unsignObject(signed: string, { serializer = JSONSerializer }: ObjectOptions = {}): unknown {
    return this.deserialize(this.unsign(signed), serializer)
  }

  protected deserialize(text: string, serializer: SerializerClass): unknown {
    const bytes = text.startsWith('.') ? inflateSync(b64Decode(text.slice(1))) : b64Decode(text)
    return new serializer().loads(bytes)
  }
}

/** The last time that was written: all texts of a second have the same. */
let stamp = { seconds: Number.NaN, text: '' }

function stampOf(seconds: number): string {
  if (seconds !== stamp.seconds) stamp = { seconds, text: base62Encode(seconds) }
  return stamp.text
}

/** @throws SignatureExpired */
function refuseOlder(seconds: number, maxAge: number): void {
  const age = clock.now() / 1000 - seconds
  if (age > maxAge) throw new SignatureExpired(`Signature age ${age} > ${maxAge} seconds`)
}

export class TimestampSigner extends Signer {
  override sign(value: string | number): string {
    return super.sign(`${value}${this.sep}${stampOf(unixSeconds())}`)
  }

  /**
   * The value of a signed text.
   * @param options.maxAge seconds; a signature exactly so old is still good
   * @throws SignatureExpired, BadSignature; TypeError when the text is signed, but not by a TimestampSigner
   */
  override unsign(signed: string, { maxAge }: { maxAge?: number | null | undefined } = {}): string {
    const stamped = super.unsign(signed)
    const at = stamped.lastIndexOf(this.sep)
    if (at < 0) throw new TypeError('The value is signed, but has no timestamp.')
    const seconds = base62Number(stamped.slice(at + this.sep.length))
    if (maxAge !== undefined && maxAge !== null) refuseOlder(seconds, maxAge)
    return stamped.slice(0, at)
  }

  /**
   * Looks at the age, in seconds, of a text that is known to be signed by us.
   * @throws SignatureExpired
   */
  checkAge(signed: string, maxAge: number): void {
    const end = signed.lastIndexOf(this.sep)
    const begin = signed.lastIndexOf(this.sep, end - 1) + this.sep.length
    refuseOlder(base62Number(signed.slice(begin, end)), maxAge)
  }

  override unsignObject(
    signed: string,
    { serializer = JSONSerializer, maxAge }: ObjectOptions & { maxAge?: number | null | undefined } = {},
  ): unknown {
    return this.deserialize(this.unsign(signed, { maxAge }), serializer)
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

/** A value as a signed, timestamped text that is safe in URLs and cookies. */
export function dumps(value: unknown, { key, salt = DEFAULT_SALT, ...options }: DumpsOptions = {}): string {
  return new TimestampSigner({ salt, ...(key !== undefined && { key }) }).signObject(value, options)
}

/**
 * The value that dumps() was given.
 * @throws SignatureExpired, BadSignature; any other error when the signature is right and the content is none of ours
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

const cookieSignerClass = loadedFromSettings('SIGNING_BACKEND', async () => {
  const name = settings.SIGNING_BACKEND
  const found = await importName(name, { setting: 'SIGNING_BACKEND', root: projectRoot() })
  const { prototype } = found as { prototype?: unknown }
  if (found === TimestampSigner || prototype instanceof TimestampSigner) return found as typeof TimestampSigner
  throw new ImproperlyConfigured(
    `SIGNING_BACKEND names '${name}', which is not a class that extends TimestampSigner of #core/signing.`,
  )
})

/** The signer of cookies, under a salt: of the class that SIGNING_BACKEND names. */
export function getCookieSigner(salt = 'django.core.signing.get_cookie_signer'): TimestampSigner {
  const CookieSigner = cookieSignerClass()
  return new CookieSigner({
    salt,
    key: cookieKey(settings.SECRET_KEY),
    fallbackKeys: settings.SECRET_KEY_FALLBACKS.map(cookieKey),
  })
}
