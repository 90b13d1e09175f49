/** bcrypt, by @node-rs/bcrypt: `bcrypt_sha256$$2b$12$…` and, cut at 72 bytes, `bcrypt$$2b$12$…`. */
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
/** The order in which bcrypt has the same 64 characters, and a dot for the plus. */
const OWN = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const translated = (text: string, from: string, to: string): string =>
  text.replace(/[A-Za-z0-9+/.]/g, (character) => to[from.indexOf(character)] as string)

/** Django's cost. */
const ROUNDS = 12

/** By how much a stored password may exceed the cost. Each step doubles the work, so that four are 16 times as much. */
const MAX_FURTHER_ROUNDS = 4

/** The 16 bytes of a salt. */
const saltBytes = (text: string): Buffer => Buffer.from(translated(text, OWN, STANDARD), 'base64')

const saltText = (bytes: Uint8Array): string => translated(toUnpaddedBase64(bytes), STANDARD, OWN)

/** Characters of the hash itself. */
const HASH_LENGTH = 31

const SALT = /^\$(2[abxy]?)\$(\d\d)\$([./A-Za-z0-9]{22})/

interface Decoded extends DecodedPassword {
  readonly rounds: number
}

export class BCryptSHA256PasswordHasher implements PasswordHasher {
  readonly algorithm: string = 'bcrypt_sha256'
  /** The hash takes 2 to the power of this many steps. */
  readonly rounds: number = ROUNDS

  /** With bcrypt the salt names the version and the rounds, too. */
  salt(): string {
    return `$2b$${String(this.rounds).padStart(2, '0')}$${saltText(randomBytes(16))}`
  }

  /** What bcrypt, which looks at 72 bytes alone, is given of a password. */
  protected prepared(password: string): string {
    return createHash('sha256').update(password).digest('hex')
  }

  async encode(password: string, salt: string): Promise<string> {
    const match = SALT.exec(salt)
    if (match === null) throw new TypeError("A salt of bcrypt has the form '$2b$12$' and 22 characters.")
    const [start, , rounds = '', text = ''] = match
    const hash = await (await bcrypt()).hash(Buffer.from(this.prepared(password)), Number(rounds), saltBytes(text))
    // The package calls every version 2b; what follows is the same for all that still occur.
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
    // The last character has four bits more than the salt; with them set, it is no salt that bcrypt writes.
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
    // Each round more doubles the work: from 10 to 12 it takes three more times what 10 took.
    for (let missing = 2 ** (this.rounds - rounds) - 1; missing > 0; missing--) await this.encode(password, salt)
  }
}

/** bcrypt of the password itself. What lies behind its 72nd byte does not count. */
export class BCryptPasswordHasher extends BCryptSHA256PasswordHasher {
  override readonly algorithm: string = 'bcrypt'

  protected override prepared(password: string): string {
    return password
  }
}
