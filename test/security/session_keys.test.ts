/** A session key may come from anywhere: an invalid one is an unknown session, on every engine and service. */
import { expect } from 'chai'
import { apps, setup } from '#core/apps'
import { overrideSettings, projectRoot, settings } from '#core/conf'
import { devices } from '#core/contrib/session_devices'
import { canLoadSync, getSession, openSession, openSessionStore, type SessionStore } from '#core/contrib/sessions'
import { SessionStore as DatabaseStore } from '#core/contrib/sessions/backends/db'
import { connection, whereExactly } from '#core/db'
import { callCommand } from '#core/management'
import { importModule } from '#core/utils'
import { inDatabase } from '../contrib/sessions/database.ts'
import { useMigratedSetup, engineSetups } from '../contrib/sessions/engine_setups.ts'
import { databases, requireService } from '../services.ts'

const DEVICES = 'core.contrib.session_devices'
const NO_STRINGS: readonly unknown[] = [12345678, 12345678n, true, {}, ['k'.repeat(32)], Symbol('key'), () => 'key']
const NO_KEYS = [
  '\0'.repeat(32),
  `${'k'.repeat(31)}\0`,
  `${'k'.repeat(31)} `,
  `${'k'.repeat(31)}\n`,
  'k'.repeat(10_000),
]
const record = (data: Record<string, unknown>) => ({ data, expiresAt: Date.now() + 600_000 })

const keyOf = (saved: Awaited<ReturnType<SessionStore['create']>>): string =>
  typeof saved === 'string' ? saved : saved.key

const all = await engineSetups('sessionkeys')

describe('keys of sessions', () => {
  before(() => setup())

  for (const setup of all) {
    describe(`on ${setup.name}`, () => {
      useMigratedSetup(setup)

      /** The engine alone, without the layers above it. */
      const engine = async (): Promise<SessionStore> => {
        const module = await importModule(settings.SESSION_ENGINE, { setting: 'SESSION_ENGINE', root: projectRoot() })
        return new (module.SessionStore as new () => SessionStore)()
      }

      it('that are invalid are unknown to the engine, and a write under one fails as for an ended session', async () => {
        const store = await engine()
        for (const key of [...NO_KEYS, ...(NO_STRINGS as string[])]) {
          expect(await store.load(key)).to.equal(undefined)
          if (canLoadSync(store)) expect(store.loadSync(key)).to.equal(undefined)
          expect(await store.exists?.(key)).to.equal(false)
          expect(await store.delete(key)).to.equal(false)
          expect(await store.delete(key, 'version')).to.equal(false)
          const error: unknown = await store.update(key, record({}), 'version').catch((each: unknown) => each)
          expect(error).to.have.property('name', 'SessionGone')
        }
      })

      it('differ by case, by trailing spaces, by accents and by width', async () => {
        const store = await engine()
        const key = keyOf(await store.create(record({ a: 1 })))
        const { version = '' } = (await store.load(key)) ?? {}
        const fullWidth = key.replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0))
        for (const other of [key.toUpperCase(), `${key} `, key.replace(/[aeiou]|$/, 'á'), fullWidth]) {
          expect(await store.load(other)).to.equal(undefined)
          expect(await store.exists?.(other)).to.equal(false)
          expect(await store.delete(other)).to.equal(false)
          expect(await store.delete(other, version)).to.equal(false)
          const error: unknown = await store.update(other, record({}), version).catch((each: unknown) => each)
          expect(error).to.have.property('name', 'SessionGone')
        }
        expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
      })

      it('are strings: anything else is a TypeError', async () => {
        const store = openSessionStore()
        const session = openSession(store)
        for (const key of NO_STRINGS as string[]) {
          const calls = [
            () => store.load(key),
            () => store.delete(key),
            () => store.update(key, record({}), ''),
            async () => store.exists?.(key),
            () => session.exists(key),
            () => session.delete(key),
            async () => openSession(store, key),
          ]
          for (const call of calls) {
            const error: unknown = await call().catch((each: unknown) => each)
            expect(error)
              .to.be.instanceOf(TypeError)
              .with.property('message')
              .that.matches(/^A session key is a string/)
          }
        }
      })

      it('in a Cookie header that are invalid give an empty session without a key', async () => {
        for (const value of [
          'k'.repeat(10_000),
          '"\\000\\000\\000\\000\\000\\000\\000\\000"',
          '%00'.repeat(9),
          'ключключ',
        ]) {
          const session = await getSession(`${settings.SESSION_COOKIE_NAME}=${value}`)
          expect(session.toJSON()).to.deep.equal({})
          expect(session.sessionKey).to.equal(null)
        }
      })
    })
  }

  it('of a custom engine that a cookie cannot hold are refused when they are created', async () => {
    class Spaced extends DatabaseStore {
      override async create(): Promise<{ key: string; version: string }> {
        return { key: 'a key with spaces', version: '' }
      }
    }
    const { TimeoutStore } = await import('../../core/contrib/sessions/timeout_store.ts')
    const error: unknown = await new TimeoutStore(new Spaced()).create(record({})).catch((each: unknown) => each)
    expect(error).to.be.instanceOf(TypeError).with.property('message').that.contains('visible ASCII')
  })
})

for (const database of await databases('sessiondevices')) {
  describe(`the index of devices on ${database.name}`, () => {
    const installed = (): string[] => [...settings.INSTALLED_APPS.filter((name) => name !== DEVICES), DEVICES]
    before(async function () {
      await setup()
      requireService({ available: database.reason === '', reason: database.reason }, this)
      await database.create()
      await apps.populate(installed(), projectRoot())
    })
    after(async () => {
      if (database.reason !== '') return
      await apps.populate(settings.INSTALLED_APPS, projectRoot())
      await database.drop()
    })
    inDatabase(() => ({
      DATABASES: { default: database.config },
      INSTALLED_APPS: installed(),
      SESSION_ENGINE: 'core.contrib.sessions.backends.db',
    }))

    const logIn = async (user: string): Promise<string> => {
      const session = openSession(openSessionStore())
      session.set('_auth_user_id', user)
      await session.save()
      return session.sessionKey as string
    }

    it('distinguishes users whose ids differ only in case', async () => {
      const [small, capital] = [await logIn('alice'), await logIn('ALICE')]
      expect(await devices.list('Alice')).to.deep.equal([])
      expect(await devices.endAll('ALICE')).to.equal(1)
      expect(await openSession(openSessionStore()).exists(capital)).to.equal(false)
      expect(await openSession(openSessionStore()).exists(small)).to.equal(true)
      expect(await devices.list('alice')).to.have.length(1)
    })

    it('finds no user for an invalid id, without an error', async () => {
      const key = await logIn('7')
      for (const user of ['a\0b', '7\0', '\0', '7 ', 'u'.repeat(256), 'u'.repeat(300_000), '\ud800', '', '%']) {
        expect(await devices.list(user)).to.deep.equal([])
        expect(await devices.endAll(user)).to.equal(0)
        expect(await devices.endOthers(user, key)).to.equal(0)
        expect(await devices.end(user, 'id')).to.equal(false)
      }
      for (const id of ['', '\0', 'x'.repeat(10_000), '\ud800']) expect(await devices.end('7', id)).to.equal(false)
      await callCommand('sessions', 'end', 'a\0b')
      expect(await devices.list('7')).to.have.length(1)
    })
  })

  describe(`an exact condition on ${database.name}`, () => {
    before(async function () {
      await setup()
      requireService({ available: database.reason === '', reason: database.reason }, this)
      await database.create()
    })
    after(() => (database.reason === '' ? database.drop() : undefined))

    it('matches only the identical string, and uses the index', () =>
      overrideSettings({ DATABASES: { default: database.config } }, async () => {
        await connection.schema.createTable('names', (table) => table.string('name', 40).notNullable().primary())
        const names = Array.from({ length: 3000 }, (_, i) => `name${i}`)
        for (let i = 0; i < names.length; i += 300) {
          await connection('names').insert(names.slice(i, i + 300).map((name) => ({ name })))
        }
        const found = async (...wanted: string[]): Promise<number> =>
          (await whereExactly(connection('names'), 'default', 'name', wanted)).length
        expect(await found('name7', 'name8')).to.equal(2)
        expect(await found('NAME7', 'name8 ', 'ｎame7', 'nāme7', 'other')).to.equal(0)
        if (database.config.ENGINE !== 'core.db.backends.mysql') return
        const { sql, bindings } = whereExactly(connection('names'), 'default', 'name', ['name7']).delete().toSQL()
        const [[plan]] = (await connection.raw(`explain ${sql}`, bindings as string[])) as [
          [{ key: string; rows: string }],
        ]
        expect(plan.key).to.equal('PRIMARY')
        expect(Number(plan.rows)).to.be.below(10)
      }))
  })
}
