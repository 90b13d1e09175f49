/** This process and a Django process on the same place, as one site, for all tests of a suite. */
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { captureLogs, type LogRecord } from '#core/utils'
import { expect } from 'chai'
import { withUsers } from '../contrib/auth/installed.ts'
import { python, requireService } from '../services.ts'
import { enterScope } from '../suite_scope.ts'
import { Django } from './django.ts'
import type { SharedPlace } from './places.ts'

/** All that the Django side of this suite imports. */
const PACKAGES = ['django', 'psycopg2', 'MySQLdb', 'redis', 'django_redis', 'pymemcache', 'argon2', 'bcrypt']
const pythonPackages = await python(...PACKAGES)

/** What both sides are told, in names that both know. */
const SITE: Settings = {
  SECRET_KEY: 'one secret for both sides of this site, which nobody else knows',
  DEBUG: false,
  ALLOWED_HOSTS: ['testserver'],
  INSTALLED_APPS: [
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
  ],
  MIDDLEWARE: [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
  ],
  // Logging in is not slow here: the hashes have a test of their own.
  PASSWORD_HASHERS: ['django.contrib.auth.hashers.MD5PasswordHasher'],
}

const OURS: Settings = { ROOT_URLCONF: 'test.beside_django.nuages_site' }

const THEIRS = { ROOT_URLCONF: 'site_urls', DEFAULT_AUTO_FIELD: 'django.db.models.AutoField' }

type SharedEngine = Pick<SharedPlace, 'settings' | 'theirs'>

export interface BesideOptions {
  readonly settings?: Settings
  /** What only we are told. */
  readonly ours?: Settings
}

/** What the Django side is told. */
export const djangoSettings = ({ settings, theirs }: SharedEngine, shared: Settings = {}): object => ({
  ...SITE,
  ...settings,
  ...shared,
  ...THEIRS,
  ...theirs,
})

/** What this process is told. */
export const nuagesSettings = ({ settings }: SharedEngine, shared: Settings = {}, ours: Settings = {}): Settings => ({
  ...SITE,
  ...settings,
  ...shared,
  ...OURS,
  ...ours,
})

/** Runs `fn` with this side's apps on the place's database, as Django's `migrate` or ours has left it. */
export const asNuages = <T>(settings: Settings, fn: () => Promise<T>): Promise<T> =>
  withUsers(fn, settings, (settings.DATABASES as { default: never }).default)

/** Skips a suite where Django is not installed; in a `before`. */
export async function requireDjango(test: Mocha.Context): Promise<void> {
  requireService(pythonPackages, test)
  await setup()
}

export interface Beside {
  readonly django: Django
  /** What both sides have logged as suspicious, and we as an error, since they were asked last. */
  logged(): Promise<{ django: readonly unknown[]; nuages: readonly LogRecord[] }>
}

/**
 * To be called inside a `describe`: makes the place, lets Django migrate its database, and leaves it afterwards. After
 * each test, neither side may have logged anything suspicious, unless the test has taken it away.
 */
export function inBesideDjango(place: SharedPlace, { settings = {}, ours = {} }: BesideOptions = {}): Beside {
  const records: LogRecord[] = []
  const beside = {
    django: undefined as unknown as Django,
    logged: async () => ({ django: await beside.django.logged(), nuages: records.splice(0) }),
  }
  const undo: (() => unknown)[] = []
  before(async function () {
    this.timeout(60_000)
    await requireDjango(this)
    requireService({ available: place.reason === '', reason: place.reason }, this)
    undo.push(() => place.leave())
    await place.prepare()
    const django = new Django(djangoSettings(place, settings))
    beside.django = django
    undo.push(() => django.close())
    await django.command('migrate', '--verbosity', '0')
    await django.command('createcachetable')
    undo.push(await enterScope((inside) => asNuages(nuagesSettings(place, settings, ours), inside)))
    undo.push(
      captureLogs((record) => {
        if (record.logger.startsWith('django.security') || record.level === 'error') records.push(record)
      }),
    )
  })
  afterEach(async () => {
    expect(await beside.logged()).to.deep.equal({ django: [], nuages: [] })
  })
  after(async function () {
    this.timeout(60_000)
    for (const each of undo.toReversed()) await each()
  })
  return beside
}

/** A suite for each place; see inBesideDjango. */
export function onEachPlace(places: readonly SharedPlace[], body: (beside: Beside, place: SharedPlace) => void): void {
  for (const place of places) {
    describe(place.name, function () {
      this.timeout(60_000)
      body(inBesideDjango(place), place)
    })
  }
}
