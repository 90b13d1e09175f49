/** Password hashers by the names that PASSWORD_HASHERS uses, and what one does with passwords. */
export { Argon2PasswordHasher } from './argon2.ts'
export type { DecodedPassword, PasswordHasher, PasswordHasherClass } from './base.ts'
export { BCryptPasswordHasher, BCryptSHA256PasswordHasher } from './bcrypt.ts'
export { MD5PasswordHasher } from './md5.ts'
export {
  burnHash,
  checkPassword,
  getHasher,
  getHashers,
  identifyHasher,
  isPasswordUsable,
  makePassword,
  unusablePassword,
  type Verified,
  verifyPassword,
} from './passwords.ts'
export { PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher } from './pbkdf2.ts'
export { ScryptPasswordHasher } from './scrypt.ts'
