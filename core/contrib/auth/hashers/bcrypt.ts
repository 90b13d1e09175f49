/** bcrypt through @node-rs/bcrypt: `bcrypt_sha256$$2b$12$…` and, for up to 72 bytes, `bcrypt$$2b$12$…`. */
import { createHash, randomBytes } from 'node:crypto'
import {
  bcrypt,
  type DecodedPassword,
  isSame,
  type PasswordHasher,
  refuseAlgorithm,
  refuseParameters,
  toUnpaddedBase64,
} from './base.ts'

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** bcrypt's base64 alphabet: the same characters in another order, with `.` instead of `+`. */
const BCRYPT = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const translated = (text: string, from: string, to: string): string =>
  text.replace(/[A-Za-z0-9+/.]/g, (character) => to[from.indexOf(character)] as string)

/** Django's default. */
const ROUNDS = 12

/** By how much a stored password may exceed the cost. Each step doubles the work: four steps are 16 times the work. */
const MAX_FURTHER_ROUNDS = 4

/** Decodes the 16 bytes of a salt. */
const saltBytes = (text: string): Buffer => Buffer.from(translated(text, BCRYPT, STANDARD), 'base64')

const saltText = (bytes: Uint8Array): string => translated(toUnpaddedBase64(bytes), STANDARD, BCRYPT)

/** Length of the hash in characters, without the salt. */
const HASH_LENGTH = 31

const SALT = /^\$(2[abxy]?)\$(\d\d)\$([./A-Za-z0-9]{22})/

interface Decoded extends DecodedPassword {
  readonly rounds: number
}

export class BCryptSHA256PasswordHasher implements PasswordHasher {
  readonly algorithm: string = 'bcrypt_sha256'
  /** Cost: base-2 logarithm of the number of iterations. */
  readonly rounds: number = ROUNDS

  /** bcrypt's salt string includes the version and the cost. */
  salt(): string {
    return `$2b$${String(this.rounds).padStart(2, '0')}$${saltText(randomBytes(16))}`
  }

  /** The password as passed to bcrypt, which ignores everything after 72 bytes. */
  protected prepared(password: string): string {
    return createHash('sha256').update(password).digest('hex')
  }

  async encode(password: string, salt: string): Promise<string> {
    const match = SALT.exec(salt)
    if (match === null) throw new TypeError("A salt of bcrypt has the form '$2b$12$' and 22 characters.")
    const [start, , rounds = '', text = ''] = match
    const hash = await (await bcrypt()).hash(Buffer.from(this.prepared(password)), Number(rounds), saltBytes(text))
    // The package writes every version as 2b; the hash is the same for all versions still in use.
    return `${this.algorithm}$${start}${hash.slice(-HASH_LENGTH)}`
  }

  decode(encoded: string): Decoded {
    const [algorithm = ''] = encoded.split('$', 1)
    refuseAlgorithm(algorithm, this.algorithm)
    const rest = encoded.slice(algorithm.length + 1)
    const match = SALT.exec(rest)
    if (match === null) throw new TypeError('The encoded password is none of bcrypt.')
    const [salt, , cost, text = ''] = match
    const [rounds, hash] = [Number(cost), rest.slice(salt.length)]
    const isBounded = rounds >= 4 && rounds <= Math.max(this.rounds, ROUNDS) + MAX_FURTHER_ROUNDS
    // The last character has four surplus bits. bcrypt never sets them, so a salt that has them is invalid.
    refuseParameters(isBounded && hash.length === HASH_LENGTH && saltText(saltBytes(text)) === text)
    return { algorithm, rounds, salt, hash }
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    const { salt } = this.decode(encoded)
    return isSame(Buffer.from(encoded), Buffer.from(await this.encode(password, salt)))
  }

  mustUpdate(encoded: string): boolean {
    return this.decode(encoded).rounds !== this.rounds
  }

  async hardenRuntime(password: string, encoded: string): Promise<void> {
    const { rounds, salt } = this.decode(encoded)
    // Each round doubles the work, so going from 10 to 12 takes three further hashes with cost 10.
    for (let missing = 2 ** (this.rounds - rounds) - 1; missing > 0; missing--) await this.encode(password, salt)
  }
}

/** bcrypt of the password itself. Everything after its 72nd byte is ignored. */
export class BCryptPasswordHasher extends BCryptSHA256PasswordHasher {
  override readonly algorithm: string = 'bcrypt'

  protected override prepared(password: string): string {
    return password
  }
}
