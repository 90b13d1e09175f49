/** What a request costs, in round trips to the store, counted where the statements leave us. */
import { expect } from 'chai'
import { createClient } from '@redis/client'
import { apps, setup } from '#core/apps'
import { projectRoot, settings, type Settings } from '#core/conf'
import { connections } from '#core/db'
import { Client } from '#core/test'
import { inDatabase } from './database.ts'
import { at, type EngineSetup, places, REDIS } from './places.ts'

const all = await places('trips')
const counted = all.filter(({ name }) => /^db on|^cache on Redis/.test(name))

/** Listens to what Redis is asked, as its MONITOR tells; what a script asks inside the server is no trip. */
class RedisEar {
  readonly #ear = createClient({ url: REDIS })
  readonly #voice = createClient({ url: REDIS })
  #trips = 0
  #heard: (() => void) | undefined

  async open(): Promise<void> {
    await this.#voice.connect()
    await this.#ear.connect()
    await this.#ear.monitor((line) => {
      if (line.includes('"all said"')) this.#heard?.()
      else if (!/ lua\]|"(PING|HELLO|CLIENT|SELECT)"/i.test(line)) this.#trips++
    })
  }

  /** Trips so far. What was said before is heard before the answer. */
  async trips(): Promise<number> {
    const heard = new Promise<void>((resolve) => {
      this.#heard = resolve
    })
    await this.#voice.echo('all said')
    await heard
    return this.#trips
  }

  close(): void {
    // Where Redis does not answer, neither was opened.
    for (const client of [this.#ear, this.#voice]) if (client.isOpen) client.destroy()
  }
}

/** Settings under which SQLite's driver tells of each statement that reads or writes rows, whoever runs it. */
function heard(settings: Settings, listen: () => void): Settings {
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
    // The index of devices is asked too, at a login.
    const others = settings.INSTALLED_APPS.filter((name) => name !== 'core.contrib.session_devices')
    await apps.populate(others, projectRoot())
  })
  after(() => apps.populate(settings.INSTALLED_APPS, projectRoot()))

  for (const place of counted) describe(place.name, () => suite(place))

  function suite(place: EngineSetup): void {
    let statements = 0
    let client: Client
    at(place)
    inDatabase({
      ...heard(place.settings, listen),
      ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
    })
    function listen(): void {
      statements++
    }
    const ear = place.name.includes('Redis') ? new RedisEar() : undefined
    before(() => ear?.open())
    after(() => ear?.close())
    const isSqlite = place.name === 'db on SQLite'
    before(() => void (isSqlite || connections.database().pool.on('query', listen)))
    after(() => void (isSqlite || connections.database().pool.removeListener('query', listen)))
    beforeEach(() => {
      client = new Client()
    })

    async function trips(path: string): Promise<number> {
      const calls = async (): Promise<number> => (await ear?.trips()) ?? statements
      const before = await calls()
      await client.get(path)
      return (await calls()) - before
    }

    it('an anonymous visitor who does not touch the session: none', async () => {
      expect(await trips('/untouched')).to.equal(0)
    })

    it('an anonymous visitor whose session is read: none', async () => {
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

    it('a logout that does not ask who it was: one', async () => {
      await client.get('/count')
      expect(await trips('/logout')).to.equal(1)
    })
  }
})
