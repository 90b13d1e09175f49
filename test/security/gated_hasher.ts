/** Hashers for tests of the limit: one whose hashes end when a test lets them, and one that keeps a thread busy. */
import { PBKDF2PasswordHasher } from '#core/contrib/auth'

/** Hashes that have started and not ended, in order. */
export const begun: { readonly password: string; end(): void }[] = []

/** A hash ends when a test calls its `end`. Nothing is computed. */
export class GatedHasher {
  readonly algorithm = 'gated'

  salt(): string {
    return 'salt'
  }

  async encode(password: string, salt: string): Promise<string> {
    await this.#gate(password)
    return `gated$1$${salt}$${password}`
  }

  async verify(password: string, encoded: string): Promise<boolean> {
    await this.#gate(password)
    return this.decode(encoded).hash === password
  }

  decode(encoded: string) {
    const [algorithm = '', strength = '', salt = '', hash = ''] = encoded.split('$')
    return { algorithm, strength, salt, hash }
  }

  mustUpdate(encoded: string): boolean {
    return this.decode(encoded).strength === '0'
  }

  hardenRuntime(password: string): Promise<void> {
    return this.#gate(`${password} again`)
  }

  #gate(password: string): Promise<void> {
    return new Promise((end) => begun.push({ password, end }))
  }
}

/** Real work for a thread, but short. */
export class BusyHasher extends PBKDF2PasswordHasher {
  override readonly iterations: number = 100_000
}
