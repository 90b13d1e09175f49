/** Unreadable stored passwords match no password, throw nothing and cost no more than a wrong password. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { setup } from '#core/apps'
import {
  Argon2PasswordHasher,
  BCryptPasswordHasher,
  BCryptSHA256PasswordHasher,
  checkPassword,
  MD5PasswordHasher,
  type PasswordHasher,
  PBKDF2PasswordHasher,
  PBKDF2SHA1PasswordHasher,
  ScryptPasswordHasher,
  User,
} from '#core/contrib/auth'
import { connection } from '#core/db'
import { Client, overrideSettings } from '#core/test'
import { captureLogs } from '#core/utils'
import { inUsers } from '../contrib/auth/installed.ts'
import { hashed, RECORDING } from './hashers.ts'

const HASHERS = [
  RECORDING,
  ...['PBKDF2SHA1', 'Argon2', 'BCryptSHA256', 'BCrypt', 'Scrypt', 'MD5'].map(
    (name) => `core.contrib.auth.hashers.${name}PasswordHasher`,
  ),
]

const SALT22 = 'N9qo8uLOickgx2ZMRZoMye'
const HASH31 = 'IjZAgcfl7p92ldGxad68LJZdL17lhWy'
const SALT = 'c29tZXNhbHRzYWx0'
const HASH = 'A'.repeat(43)

const UNREADABLE = [
  // No algorithm in PASSWORD_HASHERS.
  ['nothing', '$', '$$$$', ' ', '\0', '💥', 'plain$secret', 'rot13$a$b', 'unsalted_md5$$abc', 'MD5$a$b', 'sha1$a$b'],
  'd41d8cd98f00b204e9800998ecf8427e',
  // PBKDF2
  ['pbkdf2_sha256', 'pbkdf2_sha256$', 'pbkdf2_sha256$1000', 'pbkdf2_sha256$1000$$AAAA', 'pbkdf2_sha256$1000$'],
  ['0', '-1', '1e6', 'NaN', 'Infinity', '', '1.5', '0x10', ' 10', '010', '+10', '١٠', '99999999999'].map(
    (iterations) => `pbkdf2_sha256$${iterations}$salt$AAAA`,
  ),
  ['12000001', '2147483647', '2147483648', '4294967297', '9999999999'].map((n) => `pbkdf2_sha256$${n}$salt$AAAA`),
  ['pbkdf2_sha1$0$salt$AAAA', 'pbkdf2_sha1$1000$$AAAA', 'pbkdf2_sha1$9999999999$salt$AAAA'],
  `pbkdf2_sha256$10$${'s'.repeat(2000)}$AAAA`,
  // MD5
  ['md5', 'md5$', 'md5$$', 'md5$$5ebe2294ecd0e0f08eab7690d2a6ee69', 'md5$salt'],
  // scrypt
  ['scrypt', 'scrypt$', 'scrypt$16384$salt$8$5', 'scrypt$16384$$8$5$AAAA', 'scrypt$x$salt$8$5$AAAA'],
  [0, 1, 3, 16_383, 2 ** 30, 2 ** 40, -2].map((n) => `scrypt$${n}$salt$8$5$AAAA`),
  ['scrypt$16384$salt$0$5$AAAA', 'scrypt$16384$salt$8$0$AAAA', 'scrypt$16384$salt$-8$5$AAAA'],
  ['scrypt$65536$salt$1$1$AAAA', 'scrypt$2$salt$1073741824$1$AAAA', 'scrypt$16384$salt$8$1073741823$AAAA'],
  // Argon2
  ['argon2', 'argon2$', 'argon2$argon2id', 'argon2$argon2id$v=19', 'argon2$argon2id$v=19$m=8,t=1,p=1'],
  `argon2$argon2id$v=19$m=8,t=1,p=1$${SALT}`,
  ['m=8,t=0,p=1', 'm=8,t=1,p=0', 'm=7,t=1,p=1', 'm=0,t=1,p=1', 'm=8,t=1', 't=1,p=1', 'm=8,t=1,p=1,x=1'].map(
    (costs) => `argon2$argon2id$v=19$${costs}$${SALT}$${HASH}`,
  ),
  ['m=4294967295,t=1,p=1', 'm=4294967296,t=1,p=1', 'm=8,t=4294967295,p=1', 'm=-8,t=1,p=1', 'm=8,t=1,p=99999999'].map(
    (costs) => `argon2$argon2id$v=19$${costs}$${SALT}$${HASH}`,
  ),
  ['m=2048000,t=1,p=1', 'm=2048000,t=1,p=256000', 'm=80000,t=1,p=10000', 'm=1024001,t=1,p=8', 'm=648,t=1,p=81'].map(
    (costs) => `argon2$argon2id$v=19$${costs}$${SALT}$${HASH}`,
  ),
  [`argon2$argon2x$v=19$m=8,t=1,p=1$${SALT}$${HASH}`, `argon2$argon2id$v=20$m=8,t=1,p=1$${SALT}$${HASH}`],
  [`argon2$argon2id$v=19$m=8,t=1,p=1$$${HASH}`, `argon2$argon2id$v=19$m=8,t=1,p=1$YQ$${HASH}`],
  [`argon2$argon2id$v=19$m=8,t=1,p=1$${SALT}$`, `argon2$argon2id$v=19$m=8,t=1,p=1$${SALT}$AA`],
  [`argon2$argon2id$v=19$m=8,t=1,p=1$${SALT}$${HASH}$more`, `argon2$argon2id$v=19$m=8,t=1,p=1$${SALT}=$${HASH}`],
  // bcrypt
  ['bcrypt', 'bcrypt$', 'bcrypt$$2b', 'bcrypt$$2b$12$', `bcrypt$$2b$12$${SALT22}`, `bcrypt$$2c$04$${SALT22}${HASH31}`],
  ['00', '03', '17', '31', '32', '99', '-1', 'xx'].map((cost) => `bcrypt$$2b$${cost}$${SALT22}${HASH31}`),
  ['99', '31', '00'].map((cost) => `bcrypt_sha256$$2b$${cost}$${SALT22}${HASH31}`),
  [`bcrypt$$2b$04$${SALT22}${HASH31}x`, `bcrypt$$2b$04$${SALT22.slice(0, -1)}f${HASH31}`, `bcrypt$2b$04$${SALT22}`],
].flat()

const WRONG = 'Please enter a correct username and password'

const SITE = {
  ROOT_URLCONF: 'test.contrib.auth.fixtures.site',
  MIDDLEWARE: [
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  TEMPLATES: [{ BACKEND: 'core.template.backends.django.DjangoTemplates', APP_DIRS: true }],
  PASSWORD_HASHERS: HASHERS,
  // Each of many stored passwords is tried for the same user.
  LOGIN_THROTTLE: null,
}

describe('a stored password that cannot be read', function () {
  this.timeout(60_000)
  before(() => setup())
  inUsers(SITE)
  beforeEach(async () => {
    await connection('auth_user').delete()
  })

  const logIn = (username: string, password = 'secret') =>
    new Client().post('/accounts/login/', { data: { username, password } })

  it('matches no password, and costs one hash of the preferred hasher', async () => {
    expect(UNREADABLE.length).to.be.greaterThan(60)
    for (const encoded of UNREADABLE) {
      hashed.length = 0
      expect(await checkPassword('secret', encoded), encoded).to.equal(false)
      expect(hashed, encoded).to.deep.equal([40])
    }
  })

  it('is a wrong password at login', async () => {
    const release = captureLogs(() => {})
    try {
      const user = await User.objects.createUser('ada', null, 'secret')
      for (const password of ['', ...UNREADABLE]) {
        user.password = password
        await user.save()
        const { status, text } = await logIn('ada')
        expect([status, text.includes(WRONG)], password).to.deep.equal([200, true])
      }
    } finally {
      release()
    }
  })

  it('is reported once, by the user’s id, without the stored string', async () => {
    const user = await User.objects.createUser('bob', null, 'secret')
    user.password = 'rot13$salt$frperg'
    await user.save()
    const logged: string[] = []
    const release = captureLogs(({ level, logger, message }) => logged.push(`${level} ${logger} ${message}`))
    await logIn('bob')
    await logIn('bob')
    release()
    expect(logged).to.have.length(1)
    expect(logged[0])
      .to.include(`warning django.contrib.auth The stored password of User ${user.id} of the database 'default'`)
      .and.not.include('frperg')
  })

  it('does not include unusable and empty passwords', async () => {
    const logged: string[] = []
    const release = captureLogs(({ message }) => logged.push(message))
    const user = await User.objects.createUser('mia')
    await logIn('mia')
    user.password = ''
    await user.save()
    await logIn('mia')
    release()
    expect(logged).to.deep.equal([])
  })
})

describe('a stored password of a hasher that is not the preferred one', () => {
  before(() => setup())

  it('costs a hash of the preferred one when the password is wrong, as an unknown user does', () =>
    overrideSettings({ PASSWORD_HASHERS: HASHERS }, async () => {
      const hasher = new MD5PasswordHasher()
      const encoded = await hasher.encode('secret', hasher.salt())
      hashed.length = 0
      expect(await checkPassword('wrong', encoded)).to.equal(false)
      expect(hashed).to.deep.equal([40])
      expect(await checkPassword('secret', encoded)).to.equal(true)
      expect(hashed).to.deep.equal([40])
    }))
})

describe('the limits of stored passwords', () => {
  it('follow those of a project’s own hasher', () => {
    class Strong extends PBKDF2PasswordHasher {
      override readonly iterations = 100_000_000
    }
    expect(new Strong().decode('pbkdf2_sha256$100000000$salt$AAAA').iterations).to.equal(100_000_000)
    expect(() => new PBKDF2PasswordHasher().decode('pbkdf2_sha256$100000000$salt$AAAA')).to.throw(TypeError)
    class Costly extends BCryptPasswordHasher {
      override readonly rounds = 18
    }
    expect(new Costly().decode(`bcrypt$$2b$20$${SALT22}${HASH31}`).rounds).to.equal(20)
  })

  it('allow what Django and OWASP recommend', () => {
    const good: [PasswordHasher, string][] = [
      [new PBKDF2PasswordHasher(), 'pbkdf2_sha256$2000000$salt$AAAA'],
      [new PBKDF2SHA1PasswordHasher(), 'pbkdf2_sha1$1300000$salt$AAAA'],
      [new ScryptPasswordHasher(), 'scrypt$131072$salt$8$1$AAAA'],
      [new ScryptPasswordHasher(), 'scrypt$16384$salt$8$5$AAAA'],
      [new Argon2PasswordHasher(), `argon2$argon2id$v=19$m=102400,t=2,p=8$${SALT}$${HASH}`],
      [new Argon2PasswordHasher(), `argon2$argon2id$v=19$m=19456,t=2,p=1$${SALT}$${HASH}`],
      [new Argon2PasswordHasher(), `argon2$argon2i$t=3,m=512,p=2$${SALT}$${HASH}`],
      [new BCryptSHA256PasswordHasher(), `bcrypt_sha256$$2b$14$${SALT22}${HASH31}`],
    ]
    for (const [hasher, encoded] of good) expect(() => hasher.decode(encoded), encoded).not.to.throw()
  })
})

/** A change of a string: a replacement of some characters at a position. */
const change = fc.record({
  at: fc.nat(200),
  remove: fc.nat(3),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      '$',
      '$$',
      '0',
      '1',
      '9',
      ',',
      '=',
      '-',
      '.',
      'A',
      'a',
      '/',
      '+',
      ' ',
      '\0',
      'é',
      '💥',
      '2b',
      'm=',
    ),
    fc.string({ maxLength: 3 }),
  ),
})

const changed = (text: string, changes: readonly { at: number; remove: number; insert: string }[]): string =>
  changes.reduce((before, { at, remove, insert }) => {
    const place = at % (before.length + 1)
    return before.slice(0, place) + insert + before.slice(place + remove)
  }, text)

describe('a stored password that was changed', function () {
  this.timeout(120_000)
  before(() => setup())

  class WeakPBKDF2 extends PBKDF2SHA1PasswordHasher {
    override readonly iterations = 10
  }
  class WeakScrypt extends ScryptPasswordHasher {
    override readonly workFactor = 2
    override readonly blockSize = 1
    override readonly parallelism = 1
  }
  class WeakArgon2 extends Argon2PasswordHasher {
    override readonly memoryCost = 8
    override readonly timeCost = 1
    override readonly parallelism = 1
  }
  class WeakBCrypt extends BCryptPasswordHasher {
    override readonly rounds = 4
  }
  class WeakBCryptSHA256 extends BCryptSHA256PasswordHasher {
    override readonly rounds = 4
  }

  // The versions of bcrypt that are still in use differ only in their name.
  const sameVersion = (text: string): string => text.replace(/^(bcrypt\w*\$\$)2[abxy]?\$/, '$12b$')

  it('in the bits of the salt that bcrypt does not use matches no password, as in Django', () =>
    overrideSettings({ PASSWORD_HASHERS: HASHERS }, async () => {
      const encoded = await new WeakBCrypt().encode('secret', `$2b$04$${SALT22}`)
      expect(await checkPassword('secret', encoded)).to.equal(true)
      const surplus = encoded.replace(SALT22, `${SALT22.slice(0, -1)}f`)
      expect(await checkPassword('secret', surplus)).to.equal(false)
    }))

  for (const Hasher of [WeakPBKDF2, WeakScrypt, WeakArgon2, WeakBCrypt, WeakBCryptSHA256, MD5PasswordHasher]) {
    const hasher: PasswordHasher = new Hasher()
    it(`matches no password any more: ${hasher.algorithm}`, () =>
      overrideSettings({ PASSWORD_HASHERS: HASHERS }, async () => {
        const encoded = await hasher.encode('secret', hasher.salt())
        expect(await checkPassword('secret', encoded)).to.equal(true)
        await fc.assert(
          fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
            const stored = changed(encoded, changes)
            expect(await checkPassword('secret', stored), stored).to.equal(sameVersion(stored) === sameVersion(encoded))
          }),
          { numRuns: 150 },
        )
      }))
  }
})
