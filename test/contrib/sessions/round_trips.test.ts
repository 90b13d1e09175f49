/** Round trips of a request to the store, counted where the statements are sent. */
import { expect } from 'chai'
import { createClient } from '@redis/client'
import { apps, setup } from '#core/apps'
import { projectRoot, settings, type Settings } from '#core/conf'
import { connections } from '#core/db'
import { Client } from '#core/test'
import { inDatabase } from './database.ts'
import { useSetup, type EngineSetup, engineSetups, REDIS } from './engine_setups.ts'

const all = await engineSetups('trips')
const counted = all.filter(({ name }) => /^db on|^cache on Redis/.test(name))

/** Counts the commands that Redis reports by MONITOR. Commands of a script inside the server are not round trips. */
class RedisMonitor {
  readonly #monitor = createClient({ url: REDIS })
  readonly #voice = createClient({ url: REDIS })
  #trips = 0
  #withStatementListener: (() => void) | undefined

  async open(): Promise<void> {
    await this.#voice.connect()
    await this.#monitor.connect()
    await this.#monitor.monitor((line) => {
      if (line.includes('"all said"')) this.#withStatementListener?.()
      else if (!/ lua\]|"(PING|HELLO|CLIENT|SELECT)"/i.test(line)) this.#trips++
    })
  }

  /** Round trips so far. Commands reported by MONITOR arrive before the response. */
  async trips(): Promise<number> {
    const withStatementListener = new Promise<void>((resolve) => {
      this.#withStatementListener = resolve
    })
    await this.#voice.echo('all said')
    await withStatementListener
    return this.#trips
  }

  close(): void {
    // If Redis does not respond, neither was opened.
    for (const client of [this.#monitor, this.#voice]) if (client.isOpen) client.destroy()
  }
}

/** Settings with which SQLite's driver reports each statement that reads or writes rows. */
function withStatementListener(settings: Settings, listen: () => void): Settings {
  const { default: entry } = settings.DATABASES ?? {}
  if (entry?.ENGINE !== 'core.db.backends.sqlite3') return settings
  const verbose = (sql: string): void => {
    if (/^(select|insert|update|delete)/i.test(sql)) listen()
  }
  return { ...settings, DATABASES: { default: { ...entry, OPTIONS: { verbose } } } }
}

describe('round trips', () => {
  before(async () => {
    await setup()
    // A login queries the index of devices, too.
    const others = settings.INSTALLED_APPS.filter((name) => name !== 'core.contrib.session_devices')
    await apps.populate(others, projectRoot())
  })
  after(() => apps.populate(settings.INSTALLED_APPS, projectRoot()))

  for (const setup of counted) describe(setup.name, () => suite(setup))

  function suite(setup: EngineSetup): void {
    let statements = 0
    let client: Client
    useSetup(setup)
    inDatabase({
      ...withStatementListener(setup.settings, listen),
      ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
    })
    function listen(): void {
      statements++
    }
    const monitor = setup.name.includes('Redis') ? new RedisMonitor() : undefined
    before(() => monitor?.open())
    after(() => monitor?.close())
    const isSqlite = setup.name === 'db on SQLite'
    before(() => void (isSqlite || connections.database().pool.on('query', listen)))
    after(() => void (isSqlite || connections.database().pool.removeListener('query', listen)))
    beforeEach(() => {
      client = new Client()
    })

    async function trips(path: string): Promise<number> {
      const calls = async (): Promise<number> => (await monitor?.trips()) ?? statements
      const before = await calls()
      await client.get(path)
      return (await calls()) - before
    }

    it('an anonymous request that does not touch the session: none', async () => {
      expect(await trips('/untouched')).to.equal(0)
    })

    it('an anonymous request that reads the session: none', async () => {
      expect(await trips('/read')).to.equal(0)
    })

    it('a new session: one', async () => {
      expect(await trips('/count')).to.equal(1)
    })

    it('a known session that is read: one', async () => {
      await client.get('/count')
      expect(await trips('/read')).to.equal(1)
    })

    it('a known session that is written: two', async () => {
      await client.get('/count')
      expect(await trips('/count')).to.equal(2)
    })

    it('a login, which moves the content to a new key: three', async () => {
      await client.get('/count')
      expect(await trips('/login')).to.equal(3)
    })

    it('a logout that does not read the user: one', async () => {
      await client.get('/count')
      expect(await trips('/logout')).to.equal(1)
    })
  }
})
