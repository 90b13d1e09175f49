/** The hashers apart from the encoding: strength, threads, upgrades and missing packages. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import {
  Argon2PasswordHasher,
  BCryptSHA256PasswordHasher,
  checkPassword,
  getHasher,
  makePassword,
  PBKDF2PasswordHasher,
  ScryptPasswordHasher,
} from '#core/contrib/auth'
import { runs } from './fixtures/hashers.ts'
import { CHEAP } from './installed.ts'

const WEAKER = 'test.contrib.auth.fixtures.hashers.WeakerHasher'
const MD5 = 'django.contrib.auth.hashers.MD5PasswordHasher'

describe('password hashers', function () {
  this.timeout(20_000)
  before(() => setup())

  it('are as strong as those of Django 6.0', () => {
    expect(new PBKDF2PasswordHasher().iterations).to.equal(1_200_000)
    const { workFactor, blockSize, parallelism } = new ScryptPasswordHasher()
    expect([workFactor, blockSize, parallelism]).to.deep.equal([16_384, 8, 5])
    expect(new BCryptSHA256PasswordHasher().rounds).to.equal(12)
    const { memoryCost, timeCost, parallelism: lanes } = new Argon2PasswordHasher()
    expect([memoryCost, timeCost, lanes]).to.deep.equal([102_400, 2, 8])
  })

  it('do not block the event loop', async () => {
    let turns = 0
    const ticking = setInterval(() => (turns += 1), 5)
    await makePassword('secret')
    clearInterval(ticking)
    expect(turns).to.be.greaterThan(5)
  })

  it('encode each password with its own salt, and verify it', async () => {
    for (const Hasher of [ScryptPasswordHasher, Argon2PasswordHasher, BCryptSHA256PasswordHasher]) {
      const hasher = new Hasher()
      const [one, two] = [
        await hasher.encode('pässword', hasher.salt()),
        await hasher.encode('pässword', hasher.salt()),
      ]
      expect(one).not.to.equal(two)
      expect(one.length).to.be.lessThan(129)
      expect(await hasher.verify('pässword', one)).to.equal(true)
      expect(await hasher.verify('password', one)).to.equal(false)
      expect(hasher.mustUpdate(one)).to.equal(false)
    }
  })

  it('upgrade an outdated hash once the password was verified', () =>
    overrideSettings({ PASSWORD_HASHERS: [CHEAP, MD5] }, async () => {
      const upgraded: string[] = []
      const setter = async (password: string): Promise<void> => void upgraded.push(password)
      const old = await makePassword('secret', { hasher: 'md5' })
      expect(await checkPassword('wrong', old, { setter })).to.equal(false)
      expect(upgraded).to.deep.equal([])
      expect(await checkPassword('secret', old, { setter })).to.equal(true)
      expect(await checkPassword('secret', await makePassword('secret'), { setter })).to.equal(true)
      expect(upgraded).to.deep.equal(['secret'])
    }))

  it('take as long for a weaker hash as for a current one when the password is wrong', async () => {
    const old = await overrideSettings({ PASSWORD_HASHERS: [WEAKER] }, () => makePassword('secret'))
    await overrideSettings({ PASSWORD_HASHERS: [CHEAP] }, async () => {
      runs.length = 0
      await checkPassword('wrong', old)
      expect(runs.reduce((sum, { iterations }) => sum + iterations, 0)).to.equal(10)
    })
  })

  it('reject a hash that was truncated or changed', () =>
    overrideSettings(
      { PASSWORD_HASHERS: [CHEAP, MD5, 'django.contrib.auth.hashers.Argon2PasswordHasher'] },
      async () => {
        const whole = await makePassword('secret')
        for (const broken of [
          whole.slice(0, -3),
          whole.slice(0, 16),
          'pbkdf2_sha256$x$y$z',
          'pbkdf2_sha256$0$y$z',
          'md5$a',
          'argon2$argon2id$v=19$m=1',
          'nothing',
        ]) {
          expect(await checkPassword('secret', broken), broken).to.equal(false)
        }
      },
    ))

  it('refuse salts that would break the encoded string, and hashers missing in PASSWORD_HASHERS', async () => {
    for (const salt of ['', 'a$b']) {
      expect(await makePassword('x', { salt }).catch((error: Error) => error.message)).to.match(/cannot contain \$/)
    }
    expect(() => getHasher('rot13')).to.throw(/no hasher of 'rot13'\. It has: pbkdf2_sha256/)
    const wrong = (names: string[]) =>
      overrideSettings({ PASSWORD_HASHERS: names }, () => undefined).catch((error: Error) => error.message)
    expect(await wrong([])).to.match(/PASSWORD_HASHERS is empty/)
    expect(await wrong(['django.contrib.auth.hashers.Nope'])).to.match(/exports no 'Nope'/)
  })
})
