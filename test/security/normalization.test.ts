/** The length of client input is checked before it is normalised, matched or hashed. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import {
  authenticate,
  decodeUid,
  defaultTokenGenerator,
  makePassword,
  MinimumLengthValidator,
  ObjectDoesNotExist,
  User,
  UserAttributeSimilarityValidator,
  validatePassword,
  ValidationError,
} from '#core/contrib/auth'
import { connection } from '#core/db'
import { Client, overrideSettings } from '#core/test'
import { parseCookies } from '#core/web'
import { RegistrationForm } from '../../apps/shop/registration.ts'
import { normalizeUsername } from '../../core/contrib/auth/types.ts'
import { inUsers } from '../contrib/auth/installed.ts'
import { hashed, RECORDING } from './hashers.ts'

/** Each pair is reordered by the normalisation: n pairs take a time proportional to n². */
const MARKS = '\u0315\u0316'
const LONG = `a${MARKS.repeat(40_000)}`

let statements: string[] = []

const SITE = {
  ROOT_URLCONF: 'test.contrib.auth.fixtures.site',
  MIDDLEWARE: [
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
  ],
  TEMPLATES: [{ BACKEND: 'core.template.backends.django.DjangoTemplates', APP_DIRS: true }],
  PASSWORD_HASHERS: [RECORDING],
  LOGIN_THROTTLE: null,
  LOGIN_REDIRECT_URL: '/who',
  DATABASES: {
    default: {
      ENGINE: 'core.db.backends.sqlite3',
      NAME: ':memory:',
      OPTIONS: { verbose: (sql: string): void => void statements.push(sql) },
    },
  },
}

type Method = 'normalize' | 'toLowerCase'

/** The longest string on which a string method was called during `work`. */
async function longest(method: Method, work: () => unknown): Promise<number> {
  const original = String.prototype[method] as (...values: unknown[]) => string
  let length = 0
  // oxlint-disable-next-line no-extend-native
  String.prototype[method] = function measured(this: string, ...values: unknown[]): string {
    length = Math.max(length, this.length)
    return original.apply(this, values)
  }
  try {
    await work()
  } finally {
    // oxlint-disable-next-line no-extend-native
    String.prototype[method] = original
  }
  return length
}

async function problemsOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work()
    return []
  } catch (error) {
    if (error instanceof ValidationError) return error.messages
    throw error
  }
}

describe('a string that is too long', () => {
  before(() => setup())
  inUsers(SITE)
  beforeEach(async () => {
    await connection('auth_user').delete()
    await User.objects.createUser('ada', 'ada@example.com', 'secret')
    hashed.length = 0
    statements = []
  })

  const post = (path: string, data: Record<string, string>) => new Client().post(path, { data })
  const asksForUsers = () => statements.some((sql) => sql.includes('auth_user'))

  for (const [what, name] of [
    ['combining characters', LONG],
    ['letters', 'a'.repeat(255)],
    ['characters outside the BMP', '🙂'.repeat(255)],
    ['ligatures that become 18 characters each', '\ufdfa'.repeat(100_000)],
  ] as const) {
    it(`is not a username at login, and is not normalised, searched or hashed: ${what}`, async () => {
      const length = await longest('normalize', async () => {
        const { status, text } = await post('/accounts/login/', { username: name, password: 'secret' })
        expect(status).to.equal(200)
        expect(text).to.include('Ensure this value has at most 254 characters (it has ')
      })
      expect(length).to.be.at.most(508)
      expect([asksForUsers(), hashed]).to.deep.equal([false, []])
    })
  }

  it('is counted in characters: 254 outside the BMP may be a name', async () => {
    const name = '\u{10330}'.repeat(254)
    await User.objects.createUser(name, null, 'secret')
    expect((await post('/accounts/login/', { username: name, password: 'secret' })).status).to.equal(302)
    // Four characters more than its normal form.
    expect((await post('/accounts/login/', { username: 'ﬁ'.repeat(200), password: 'secret' })).status).to.equal(200)
  })

  it('is found by its normal form when it is short', async () => {
    await User.objects.createUser('a\u0301', null, 'secret')
    expect((await post('/accounts/login/', { username: ' \u00e1 ', password: 'secret' })).status).to.equal(302)
  })

  it('belongs to no user, and the database is not queried for it', async () => {
    for (const name of ['a'.repeat(10_000_000), LONG, 'ada\0']) {
      expect(await User.objects.findByNaturalKey(name)).to.equal(null)
      const refused: unknown = await User.objects.getByNaturalKey(name).catch((error: unknown) => error)
      expect(refused).to.be.instanceOf(ObjectDoesNotExist)
      expect(await authenticate(null, { username: name, password: 'secret' })).to.equal(null)
    }
    expect(asksForUsers()).to.equal(false)
    // An unknown user costs as much as a wrong password.
    expect(hashed).to.deep.equal([40, 40, 40])
  })

  it('is left unchanged where it would become a username', async () => {
    const length = await longest('normalize', () => {
      expect(normalizeUsername(LONG)).to.equal(LONG)
      expect(normalizeUsername('a\u0301')).to.equal('\u00e1')
    })
    expect(length).to.equal(2)
  })

  it('creates no user', async () => {
    const length = await longest('normalize', async () => {
      expect(await problemsOf(() => User.objects.createUser(LONG, null, 'secret'))).to.deep.equal([
        'Ensure this value has at most 254 characters.',
      ])
    })
    expect([length, hashed]).to.deep.equal([0, []])
  })

  it('is not a mail address, and is neither normalised nor searched', async () => {
    for (const method of ['normalize', 'toLowerCase'] as const) {
      const length = await longest(method, async () => {
        expect(await User.objects.findByEmail(`${LONG}@example.com`)).to.deep.equal([])
        expect(await User.objects.findByEmail('ada@example.com\0')).to.deep.equal([])
      })
      expect(length).to.equal(0)
    }
    const { status, text } = await post('/accounts/password_reset/', { email: `${LONG}@example.com` })
    expect([status, text.includes('Ensure this value has at most 254 characters')]).to.deep.equal([200, true])
    expect(asksForUsers()).to.equal(false)
  })

  it('is not a password: neither hashed nor validated', async () => {
    const long = 'p'.repeat(2_000_000)
    const { status, text } = await post('/accounts/login/', { username: 'ada', password: long })
    expect([status, text.includes('correct username and password')]).to.deep.equal([200, true])
    expect(hashed).to.deep.equal([40])
    expect(await makePassword(long).catch((error: Error) => error.message)).to.match(/at most 4096 characters/)
    const seen: string[] = []
    const recorder = { validate: (password: string) => void seen.push(password), getHelpText: () => '' }
    expect(await problemsOf(() => validatePassword(long, null, [recorder]))).to.deep.equal([
      'This password is too long. It must contain at most 4096 characters.',
    ])
    expect(await problemsOf(() => validatePassword('p'.repeat(4096), null, [recorder]))).to.deep.equal([])
    expect(seen).to.deep.equal(['p'.repeat(4096)])
  })

  it('is a password up to 4096 characters', async () => {
    const password = 'p'.repeat(4096)
    await User.objects.createUser('bob', null, password)
    expect((await post('/accounts/login/', { username: 'bob', password })).status).to.equal(302)
    expect((await post('/accounts/login/', { username: 'bob', password: `${password}p` })).status).to.equal(200)
  })

  it('is not normalised in the form of the sample shop', () =>
    overrideSettings({ AUTH_PASSWORD_VALIDATORS: [] }, async () => {
      const length = await longest('normalize', async () => {
        const data = new URLSearchParams({ username: LONG, password: 'p'.repeat(5000), confirmation: 'p'.repeat(5000) })
        const form = new RegistrationForm(data)
        expect(await form.isValid()).to.equal(false)
        expect(form.errors.username).to.deep.equal(['Enter up to 150 letters, digits and @/./+/-/_.'])
        expect(form.errors.password).to.deep.equal([
          'This password is too long. It must contain at most 4096 characters.',
        ])
      })
      expect([length, hashed, asksForUsers()]).to.deep.equal([0, [], false])
    }))

  it('is compared with a password only up to its length', async () => {
    const validator = new UserAttributeSimilarityValidator({ maxSimilarity: 0.1 })
    const length = await longest('toLowerCase', () => {
      validator.validate('x'.repeat(4096), { username: 'y '.repeat(1_000_000) })
    })
    expect(length).to.equal(4096)
    expect(await problemsOf(() => validator.validate('lovelace', { username: `lovelace ${LONG}` }))).to.have.length(1)
  })

  it('is counted only as far as a minimum requires', async () => {
    const validator = new MinimumLengthValidator()
    expect(await problemsOf(() => validator.validate('🔑'.repeat(7)))).to.have.length(1)
    expect(await problemsOf(() => validator.validate('🔑'.repeat(8)))).to.deep.equal([])
    expect(await problemsOf(() => validator.validate('🔑'.repeat(1_000_000)))).to.deep.equal([])
  })

  it('is neither an id nor a token of a reset link', async () => {
    const user = await User.objects.getByNaturalKey('ada')
    const parts = { id: user.id, password: user.password, lastLogin: null, email: user.email }
    const token = defaultTokenGenerator.makeToken(parts)
    expect(defaultTokenGenerator.checkToken(parts, token)).to.equal(true)
    for (const long of ['-'.repeat(1_000_000), token + 'a'.repeat(300), `${'0'.repeat(300)}${token}`]) {
      expect(defaultTokenGenerator.checkToken(parts, long)).to.equal(false)
    }
    expect(decodeUid('MQ')).to.equal('1')
    expect(decodeUid('MQ'.repeat(1025))).to.equal(undefined)
  })

  it('of cookies without names is read in one pass', () => {
    const searched: number[] = []
    // oxlint-disable-next-line typescript/unbound-method
    const { indexOf } = String.prototype
    // oxlint-disable-next-line no-extend-native
    String.prototype.indexOf = function counted(this: string, wanted: string, from = 0): number {
      const found = indexOf.call(this, wanted, from)
      if (wanted === '=') searched.push((found < 0 ? this.length : found) - from)
      return found
    }
    try {
      expect(parseCookies(`${';'.repeat(8000)}a=1`)).to.deep.equal(Object.assign(Object.create(null), { a: '1' }))
      expect(Object.keys(parseCookies('a;'.repeat(8000)))).to.deep.equal([''])
    } finally {
      // oxlint-disable-next-line no-extend-native
      String.prototype.indexOf = indexOf
    }
    expect(searched.reduce((sum, each) => sum + each, 0)).to.be.at.most(30_000)
  })
})
