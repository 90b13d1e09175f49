/** The packages of hashers that Node does not have itself: imported when first needed, asked for by name when absent. */
import { ImproperlyConfigured } from '#core/exceptions'
import { errorCode } from '#core/utils'

async function imported<T>(hasher: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ImproperlyConfigured(
      `PASSWORD_HASHERS has ${hasher}, which needs a package for this password: npm install ${name}`,
      { cause: error },
    )
  }
}

export const argon2 = (): Promise<typeof import('@node-rs/argon2')> =>
  imported('Argon2PasswordHasher', '@node-rs/argon2', () => import('@node-rs/argon2'))

export const bcrypt = (): Promise<typeof import('@node-rs/bcrypt')> =>
  imported('a bcrypt hasher', '@node-rs/bcrypt', () => import('@node-rs/bcrypt'))
