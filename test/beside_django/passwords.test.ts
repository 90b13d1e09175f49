/** Passwords, their hashes in sessions, and reset tokens are valid on both sides, whichever side created them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { checkPassword, defaultTokenGenerator, makePassword, User } from '#core/contrib/auth'
import { stopClock } from '#core/test'
import { databases } from '../services.ts'
import { inBesideDjango } from './beside.ts'
import { Generator, SEED } from './generated.ts'
import { mutationsOf } from './mutations.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'

const dbs = await databases('beside_passwords')
const onSqlite = (USE_TZ: boolean) => onDatabase(dbs[0] as never, 'db', { ...databaseEngine, USE_TZ })

/** The longest password that bcrypt uses completely has 72 bytes. */
const PASSWORD = `Größe 日本語 🎉 $${'x'.repeat(48)}`

/** The first ones with each hasher; the rest with a cheap one. */
const PASSWORDS = ['', ' ', 'three green apples', PASSWORD, 'x'.repeat(1000)]

const HASHERS = [
  'PBKDF2PasswordHasher',
  'PBKDF2SHA1PasswordHasher',
  'Argon2PasswordHasher',
  'BCryptSHA256PasswordHasher',
  'BCryptPasswordHasher',
  'MD5PasswordHasher',
].map((name) => `django.contrib.auth.hashers.${name}`)

const ALGORITHMS = ['pbkdf2_sha256', 'pbkdf2_sha1', 'argon2', 'bcrypt_sha256', 'bcrypt', 'md5']

describe('passwords shared with Django', function () {
  this.timeout(60_000)
  // Algorithms that Django 3.2 lacks are compared with Python's hashlib.
  const scrypt = 'core.contrib.auth.hashers.ScryptPasswordHasher'
  const beside = inBesideDjango(onSqlite(true), {
    settings: { PASSWORD_HASHERS: HASHERS },
    ours: { PASSWORD_HASHERS: [...HASHERS, scrypt] },
  })

  /** Correct for their hashes and wrong by a character, by the hashes of each side. */
  async function check(algorithm: string, passwords: readonly string[]): Promise<void> {
    const { django } = beside
    const [theirs, ours] = await Promise.all([
      django.ask<string[]>('hash_passwords', { passwords, hasher: algorithm }),
      Promise.all(passwords.map((password) => makePassword(password, { hasher: algorithm }))),
    ])
    const pairs = (hashes: readonly string[]): [string, string][] =>
      passwords.flatMap((password, i): [string, string][] => [
        [password, hashes[i] as string],
        [`.${password}`, hashes[i] as string],
      ])
    const verdicts = await Promise.all([
      django.ask('check_passwords', { pairs: pairs(ours) }),
      Promise.all(pairs(theirs).map(([password, encoded]) => checkPassword(password, encoded))),
    ])
    const right = passwords.flatMap(() => [true, false])
    expect(verdicts).to.deep.equal([right, right])
    for (const encoded of [...theirs, ...ours]) expect(encoded).to.match(new RegExp(`^${algorithm}\\$`))
  }

  for (const algorithm of ALGORITHMS) {
    it(`${algorithm}: each side accepts the right password for the other’s hash, and no other`, () =>
      check(algorithm, algorithm === 'md5' ? PASSWORDS : [PASSWORD]))
  }

  it('scrypt: Python derives the same from the stored parameters', async () => {
    for (const password of ['', PASSWORD]) {
      const encoded = await makePassword(password, { hasher: 'scrypt' })
      const [algorithm, n, salt = '', r, p, hash = ''] = encoded.split('$')
      const [N, R, P] = [Number(n), Number(r), Number(p)]
      const hex = await beside.django.ask<string>('scrypt', { password, salt, n: N, r: R, p: P })
      expect([algorithm, Buffer.from(hash, 'base64').toString('hex')]).to.deep.equal(['scrypt', hex])
      // As Django 4.0 to 5.0 writes it.
      const old = await beside.django.ask<string>('scrypt', { password, salt: 'pepper', n: 16384, r: 8, p: 1 })
      const written = `scrypt$16384$pepper$8$1$${Buffer.from(old, 'hex').toString('base64')}`
      expect(await checkPassword(password, written)).to.equal(true)
      expect(await checkPassword(`${password}x`, written)).to.equal(false)
    }
  })

  it('no password matches hashes that are cut, changed or unusable', async () => {
    const random = new Generator(SEED)
    const pairs: [string, string][] = []
    for (const algorithm of ['pbkdf2_sha1', 'md5']) {
      const [encoded = ''] = await beside.django.ask<string[]>('hash_passwords', {
        passwords: ['x'],
        hasher: algorithm,
      })
      // Fewer or more rounds take time and show nothing.
      const [name = '', ...rest] = encoded.split('$')
      const hash = rest.pop() as string
      const mutated = mutationsOf(hash, random, algorithm === 'md5' ? 50 : 3).map((each) =>
        [name, ...rest, each].join('$'),
      )
      for (const each of mutated) pairs.push(['x', each])
    }
    for (const encoded of ['', '!', '!unusable', 'unknown$x$y', 'md5', 'x'.repeat(32)]) pairs.push(['x', encoded])
    const theirs = await beside.django.ask<boolean[]>('check_passwords', { pairs })
    for (const [i, [password, encoded]] of pairs.entries()) {
      expect([encoded, await checkPassword(password, encoded)]).to.deep.equal([encoded, theirs[i]])
    }
  })
})

for (const USE_TZ of [true, false]) {
  describe(`users shared with Django, USE_TZ ${USE_TZ}`, () => {
    before(() => setup())
    const beside = inBesideDjango(onSqlite(USE_TZ))
    const load = (username: string): Promise<User> => User.objects.getByNaturalKey(username)

    it('have the same hash in their sessions', async () => {
      for (const [i, password] of ['three green apples', 'Größe 日本語 🎉', null].entries()) {
        const username = `hash${i}`
        if (i === 0) await User.objects.createUser(username, null, password)
        else await beside.django.ask('create_user', { username, password })
        const hash = (await load(username)).getSessionAuthHash()
        expect(await beside.django.ask('auth_hash', { username })).to.equal(hash)
      }
    })

    it('are accepted with reset tokens of either side, but not with changed or expired ones', async () => {
      const { django } = beside
      const username = 'forgetful'
      await django.ask('create_user', { username, password: 'three green apples' })
      const lastLogins = [null, Date.parse('2026-01-15T12:00:00.123Z'), Date.parse('2026-07-15T23:59:59.999Z')]
      for (const lastLogin of lastLogins) {
        if (lastLogin !== null) await django.ask('set_last_login', { username, micros: lastLogin * 1000 + 456 })
        const user = await load(username)
        const [theirs, ours] = [
          await django.ask<string>('make_token', { username }),
          defaultTokenGenerator.makeToken(user),
        ]
        expect(defaultTokenGenerator.checkToken(user, theirs), 'of Django').to.equal(true)
        expect(await django.ask('check_tokens', { username, tokens: [ours] }), 'of ours').to.deep.equal([true])
        const tokens = mutationsOf(ours, new Generator(SEED), 100)
        const verdicts = await django.ask('check_tokens', { username, tokens })
        expect(tokens.map((token) => defaultTokenGenerator.checkToken(user, token))).to.deep.equal(verdicts)
      }
    })

    it('are accepted until PASSWORD_RESET_TIMEOUT is over, to the second', async () => {
      const { django } = beside
      const username = 'late'
      await django.ask('create_user', { username, password: 'three green apples' })
      const user = await load(username)
      const now = Date.now()
      const tokens = [259_000, 259_300, -60].map((age) => {
        const clock = stopClock(now - age * 1000)
        try {
          return defaultTokenGenerator.makeToken(user)
        } finally {
          clock.restore()
        }
      })
      const verdicts = [true, false, true]
      expect(await django.ask('check_tokens', { username, tokens })).to.deep.equal(verdicts)
      expect(tokens.map((token) => defaultTokenGenerator.checkToken(user, token))).to.deep.equal(verdicts)
    })

    it('lose their reset tokens with a new password or another login, on both sides', async () => {
      const { django } = beside
      const username = 'renewed'
      await django.ask('create_user', { username, password: 'three green apples' })
      const user = await load(username)
      const tokens = [await django.ask<string>('make_token', { username }), defaultTokenGenerator.makeToken(user)]
      await user.setPassword('four blue apples')
      await user.save()
      expect(await django.ask('check_tokens', { username, tokens })).to.deep.equal([false, false])
      const changed = await load(username)
      expect(tokens.map((token) => defaultTokenGenerator.checkToken(changed, token))).to.deep.equal([false, false])
    })
  })
}
