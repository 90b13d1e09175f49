/** This process and a Django process with the same store, as one site, for all tests of a suite. */
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { captureLogs, type LogRecord } from '#core/utils'
import { expect } from 'chai'
import { withUsers } from '../contrib/auth/installed.ts'
import { python, requireService } from '../services.ts'
import { enterScope } from '../suite_scope.ts'
import { Django } from './django.ts'
import type { SharedSetup } from './shared_setups.ts'

/** Everything that the Django side of this suite imports. */
const PACKAGES = ['django', 'psycopg2', 'MySQLdb', 'redis', 'django_redis', 'pymemcache', 'argon2', 'bcrypt']
const pythonPackages = await python(...PACKAGES)

/** Settings of both sides, with names that both know. */
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
  // Makes logins fast: the hashes have their own test.
  PASSWORD_HASHERS: ['django.contrib.auth.hashers.MD5PasswordHasher'],
}

const OURS: Settings = { ROOT_URLCONF: 'test.beside_django.nuages_site' }

const THEIRS = { ROOT_URLCONF: 'site_urls', DEFAULT_AUTO_FIELD: 'django.db.models.AutoField' }

type SharedEngine = Pick<SharedSetup, 'settings' | 'theirs'>

export interface BesideOptions {
  readonly settings?: Settings
  /** Settings only of this side. */
  readonly ours?: Settings
}

/** The settings of the Django side. */
export const djangoSettings = ({ settings, theirs }: SharedEngine, shared: Settings = {}): object => ({
  ...SITE,
  ...settings,
  ...shared,
  ...THEIRS,
  ...theirs,
})

/** The settings of this process. */
export const nuagesSettings = ({ settings }: SharedEngine, shared: Settings = {}, ours: Settings = {}): Settings => ({
  ...SITE,
  ...settings,
  ...shared,
  ...OURS,
  ...ours,
})

/** Runs `fn` with this side's apps on the setup's database, as migrated by either side. */
export const asNuages = <T>(settings: Settings, fn: () => Promise<T>): Promise<T> =>
  withUsers(fn, settings, (settings.DATABASES as { default: never }).default)

/** Skips a suite if Django is not installed; call it in a `before`. */
export async function requireDjango(test: Mocha.Context): Promise<void> {
  requireService(pythonPackages, test)
  await setup()
}

export interface Beside {
  readonly django: Django
  /** The records that both sides have logged as suspicious, and this side as an error, since the last call. */
  logged(): Promise<{ django: readonly unknown[]; nuages: readonly LogRecord[] }>
}

/**
 * Call it inside a `describe`: prepares the setup, lets Django migrate its database, and removes it afterwards. After
 * each test, neither side may have logged anything suspicious, unless the test has read it.
 */
export function inBesideDjango(setup: SharedSetup, { settings = {}, ours = {} }: BesideOptions = {}): Beside {
  const records: LogRecord[] = []
  const beside = {
    django: undefined as unknown as Django,
    logged: async () => ({ django: await beside.django.logged(), nuages: records.splice(0) }),
  }
  const undo: (() => unknown)[] = []
  before(async function () {
    this.timeout(60_000)
    await requireDjango(this)
    requireService({ available: setup.reason === '', reason: setup.reason }, this)
    undo.push(() => setup.leave())
    await setup.prepare()
    const django = new Django(djangoSettings(setup, settings))
    beside.django = django
    undo.push(() => django.close())
    await django.command('migrate', '--verbosity', '0')
    await django.command('createcachetable')
    undo.push(await enterScope((inside) => asNuages(nuagesSettings(setup, settings, ours), inside)))
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

/** A suite for each setup; see inBesideDjango. */
export function onEachSetup(setups: readonly SharedSetup[], body: (beside: Beside, setup: SharedSetup) => void): void {
  for (const setup of setups) {
    describe(setup.name, function () {
      this.timeout(60_000)
      body(inBesideDjango(setup), setup)
    })
  }
}
