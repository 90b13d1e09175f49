/** Passwords: stored hashes that were changed or cut, and new passwords for the validators. */
import * as fc from 'fast-check'
import {
  base36ToInt,
  checkPassword,
  decodeUid,
  defaultTokenGenerator,
  encodeUid,
  makePassword,
  validatePassword,
  ValidationError,
} from '#core/contrib/auth'
import { MAX_PASSWORD_LENGTH } from '../../../../core/contrib/auth/types.ts'
import { allowing, allowingAsync, type AnyDomain, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { edits, hostile, mutated, shortOf, wellFormed } from '../strings.ts'

const PASSWORD = 'correct horse'

const HASHERS = ['MD5', 'PBKDF2', 'PBKDF2SHA1', 'Argon2', 'BCryptSHA256', 'Scrypt'].map(
  (name) => `core.contrib.auth.hashers.${name}PasswordHasher`,
)

const HASHES = [
  'md5$salt$6d4a0ec9ec4dfbd9ad2f9e5c1b2d3f4a',
  'pbkdf2_sha256$2$saltsaltsaltsaltsaltsa$W5fL9ZBHK1XFcFr2vQ0rrJ5Q6hmQxMOjL7zcKGfVYvE=',
  'pbkdf2_sha1$2$salt$XkJ8R2Jg5c8oYb2aNf2dFh0x3yA=',
  'argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$L0yB3iLJXxZdKOqKJqGZRw',
  'argon2$argon2i$m=8,t=1,p=1$c2FsdHNhbHQ$L0yB3iLJXxZdKOqKJqGZRw',
  'bcrypt_sha256$$2b$04$nvQw8PzV0vWxQxYxQxYxQu8aE7QmYw3u2oBq9mQ9Zk2hQ3l2w1w1W',
  'scrypt$2$salt$1$1$Wk8F7Yl3mJ2q',
  '!unusable',
  '',
  'plain',
]

const HASH_WORDS = [
  '$',
  '$$',
  'md5',
  'pbkdf2_sha256',
  'argon2',
  'argon2id',
  'bcrypt_sha256',
  'scrypt',
  'm=',
  't=0',
  'p=',
  'v=19',
  '0',
  '3',
  '=',
  ',',
  'AAAA',
  '2b',
  '-1',
  '!',
]

/** The cost that a hash declares. Hashes in the site's own database are trusted, so only cheap ones are tried. */
function isAffordable(encoded: string): boolean {
  const parts = encoded.split(/[$,=]/)
  if (parts.some((each) => /^\d{4,}$/.test(each.trim()))) return false
  const rounds = Number(/^bcrypt_sha256\$\$2\w?\$(\d+)/.exec(encoded)?.[1] ?? 4)
  return rounds <= 6 || rounds > 31
}

async function storedHash(encoded: string): Promise<void> {
  if (!isAffordable(encoded)) return
  ensure(!(await checkPassword('another', encoded)), 'a wrong password is right')
  ensure(typeof (await checkPassword(PASSWORD, encoded)) === 'boolean', 'neither right nor wrong')
}

const passwords = hostile({ longest: MAX_PASSWORD_LENGTH }).map((text) => text.slice(0, MAX_PASSWORD_LENGTH))

interface Made {
  readonly password: string
  readonly change: (text: string) => string
}

async function madeHash({ password, change }: Made): Promise<void> {
  const encoded = await makePassword(password)
  ensure(await checkPassword(password, encoded), 'the password is wrong after makePassword')
  const changed = change(password)
  // In UTF-8, all lone surrogates are the same character.
  const isSame = wellFormed(changed) === wellFormed(password)
  ensure(isSame || !(await checkPassword(changed, encoded)), 'another password is right')
}

const VALIDATORS = ['UserAttributeSimilarity', 'MinimumLength', 'CommonPassword', 'NumericPassword'].map((name) => ({
  NAME: `core.contrib.auth.password_validation.${name}Validator`,
}))

interface NewPassword {
  readonly password: string
  readonly username: string
}

const RESET_USER = { id: 1, password: 'md5$salt$hash', lastLogin: null, email: 'ada@example.com' }

export const authDomains: readonly AnyDomain[] = [
  domain<string>({
    name: 'stored-hashes',
    kind: 'in process',
    inputs: { short: 500, long: 100_000 },
    open: () => holdSettings({ PASSWORD_HASHERS: HASHERS }),
    fixedMs: 150,
    arbitrary: fc.oneof(
      { arbitrary: mutated(fc.constantFrom(...HASHES), HASH_WORDS), weight: 4 },
      { arbitrary: shortOf(HASH_WORDS, 12), weight: 1 },
    ),
    check: storedHash,
  }),
  domain<Made>({
    name: 'made-hashes',
    kind: 'in process',
    inputs: { short: 300, long: 100_000 },
    open: () => holdSettings({ PASSWORD_HASHERS: HASHERS }),
    arbitrary: fc.record({ password: passwords, change: edits() }),
    check: madeHash,
  }),
  domain<NewPassword>({
    name: 'new-passwords',
    kind: 'in process',
    inputs: { short: 300, long: 100_000 },
    open: () => holdSettings({ AUTH_PASSWORD_VALIDATORS: VALIDATORS }),
    arbitrary: fc.record({
      password: hostile({ words: ['password', '123', 'ada'] }),
      username: hostile({ longest: 20_000 }),
    }),
    async check({ password, username }) {
      await allowingAsync([ValidationError], () =>
        validatePassword(password, { username, email: username, firstName: 'ada' }),
      )
    },
  }),
  domain<string>({
    name: 'reset-tokens',
    kind: 'in process',
    inputs: { short: 500, long: 200_000 },
    open: () => holdSettings(),
    arbitrary: fc.oneof(
      hostile({ words: ['-', 'c0ffee', 'zzzzzz', '0', 'MQ', '='] }),
      edits(['-', '0']).map((change) => change('d5x8kq-0123456789abcdef0123456789abcdef')),
    ),
    check(token) {
      ensure(!defaultTokenGenerator.checkToken(RESET_USER, token), 'a token was guessed')
      allowing([TypeError], () => base36ToInt(token))
      const uid = encodeUid(token)
      ensure(
        decodeUid(uid) === (uid.length > 2048 ? undefined : token) || wellFormed(token) !== token,
        'the uid is another after a round trip',
      )
      decodeUid(token)
    },
  }),
]
