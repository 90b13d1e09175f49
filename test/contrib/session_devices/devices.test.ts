/** A user's sessions can be listed and ended from elsewhere on every engine, despite concurrent requests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { apps, setup } from '#core/apps'
import { projectRoot, settings as current, type Settings } from '#core/conf'
import { devices } from '#core/contrib/session_devices'
import { openSession, openSessionStore, type Session, SessionInterrupted } from '#core/contrib/sessions'
import { connection } from '#core/db'
import { callCommand, CommandError } from '#core/management'
import { Client } from '#core/test'
import { withDatabase } from '../sessions/database.ts'

const APP = 'core.contrib.session_devices'

const withoutApp = (): string[] => current.INSTALLED_APPS.filter((name) => name !== APP)
const withApp = (): string[] => [...withoutApp(), APP]

describe('devices', () => {
  let folder: string
  before(async () => {
    await setup()
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-devices-'))
    await apps.populate(withApp(), projectRoot())
  })
  after(async () => {
    await apps.populate(current.INSTALLED_APPS, projectRoot())
    rmSync(folder, { recursive: true })
  })

  const run = <T>(engine: string, fn: () => Promise<T>, settings: Settings = {}): Promise<T> =>
    withDatabase(fn, {
      INSTALLED_APPS: withApp(),
      SESSION_ENGINE: `core.contrib.sessions.backends.${engine}`,
      SESSION_FILE_PATH: folder,
      CACHES: { default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', OPTIONS: { MAX_ENTRIES: 10_000 } } },
      ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
      ...settings,
    })

  /** As a login does. */
  async function login(user: string): Promise<string> {
    const session = openSession(openSessionStore())
    session.set('anonymous', true)
    await session.save()
    session.set('_auth_user_id', user)
    await session.cycleKey()
    return session.sessionKey as string
  }

  const opened = async (key: string): Promise<Session> => {
    const session = openSession(openSessionStore(), key)
    await session.load()
    return session
  }

  const userOf = async (key: string): Promise<unknown> => (await opened(key)).get('_auth_user_id')

  for (const engine of ['db', 'cache', 'cached_db', 'file']) {
    describe(`with the engine ${engine}`, () => {
      it('are the sessions of one user, with the current one marked', () =>
        run(engine, async () => {
          const mine = [await login('1'), await login('1')]
          await login('2')
          const found = await devices.list('1', mine[1])
          expect(found).to.have.length(2)
          expect(found.filter(({ isCurrent }) => isCurrent)).to.have.length(1)
          for (const { id, userId, description } of found) {
            expect([userId, description]).to.deep.equal(['1', ''])
            for (const key of mine) expect(key).not.to.contain(id)
          }
        }))

      it('can be ended one by one, all except the current one, or all', () =>
        run(engine, async () => {
          const [first, second, third] = [await login('1'), await login('1'), await login('1')]
          const other = await login('2')
          const [device] = (await devices.list('1', first)).filter(({ isCurrent }) => isCurrent)
          expect(await devices.end('2', device?.id ?? '')).to.equal(false)
          expect(await devices.end('1', device?.id ?? '')).to.equal(true)
          expect(await userOf(first)).to.equal(undefined)
          expect(await devices.endOthers('1', third)).to.equal(1)
          expect([await userOf(second), await userOf(third)]).to.deep.equal([undefined, '1'])
          expect(await devices.endAll('1')).to.equal(1)
          expect([await userOf(third), await userOf(other)]).to.deep.equal([undefined, '2'])
          expect(await devices.list('1')).to.deep.equal([])
        }))

      it('are complete after two hundred concurrent logins', () =>
        run(engine, async () => {
          await Promise.all(Array.from({ length: 200 }, () => login('1')))
          expect(await devices.list('1')).to.have.length(200)
        }))

      it('are all ended amid a hundred requests that read, write and move them to new keys', () =>
        run(engine, async () => {
          const keys = await Promise.all(Array.from({ length: 20 }, () => login('1')))
          const used = new Set(keys)
          const requests = Array.from({ length: 100 }, async (_, i) => {
            try {
              const session = await opened(keys[i % keys.length] as string)
              session.set(`k${i}`, i)
              await (i % 3 === 0 ? session.cycleKey() : session.save())
              if (session.sessionKey !== null) used.add(session.sessionKey)
            } catch (error) {
              if (!(error instanceof SessionInterrupted)) throw error
            }
          })
          await Promise.all([...requests, devices.endAll('1')])
          await devices.endAll('1')
          for (const key of used) expect(await userOf(key)).to.equal(undefined)
          expect(await devices.list('1')).to.deep.equal([])
        }))

      it('are found, once used here, although another program logged them in', () =>
        run(engine, async () => {
          const { SessionStore } = (await import(`#core/contrib/sessions/backends/${engine}`)) as {
            SessionStore: new () => ReturnType<typeof openSessionStore>
          }
          const foreign = openSession(new SessionStore())
          foreign.set('_auth_user_id', '7')
          await foreign.save()
          expect(await devices.list('7')).to.deep.equal([])
          const here = await opened(foreign.sessionKey as string)
          here.set('seen', true)
          await here.save()
          expect(await devices.list('7')).to.have.length(1)
        }))
    })
  }

  it('are deleted by clearsessions after they have expired', () =>
    run('db', async () => {
      const [first] = [await login('1'), await login('1')]
      await connection('django_session').where('session_key', first).update({ expire_date: '2001-01-01 00:00:00' })
      await callCommand('clearsessions')
      expect(await connection('session_devices').pluck('session_key')).to.have.length(1)
    }))

  it('store only what SESSION_DEVICE_DESCRIPTION returns', () =>
    run(
      'db',
      async () => {
        await new Client().get('/login', { headers: { 'user-agent': 'Browser/1.0' } })
        expect((await devices.list('1'))[0]?.description).to.equal('seen with Browser/1.0')
      },
      { SESSION_DEVICE_DESCRIPTION: 'test.contrib.sessions.fixtures.visits.describeDevice' },
    ))

  it('store no metadata by default', () =>
    run('db', async () => {
      await new Client().get('/login', { headers: { 'user-agent': 'Browser/1.0' } })
      const rows = (await connection('session_devices').select()) as unknown[]
      expect(JSON.stringify(rows)).not.to.contain('Browser')
    }))

  it('are shown and ended by ./manage.ts sessions', () =>
    run('db', async () => {
      await login('1')
      await login('1')
      const lines: string[] = []
      const io = { stdout: { write: (text = '') => void lines.push(text) } }
      await callCommand('sessions', 'list', '1', io)
      expect(lines).to.have.length(2)
      const id = (lines[0] as string).slice(0, 20)
      lines.length = 0
      await callCommand('sessions', 'show', '1', id, io)
      expect(lines.join('\n')).to.match(/^Session: .*\nUser: 1\nSince: .*Z\nDevice: \(not noted\)$/)
      lines.length = 0
      await callCommand('sessions', 'end', '1', id, io)
      await callCommand('sessions', 'end', '1', io)
      await callCommand('sessions', 'list', '1', io)
      expect(lines).to.deep.equal(['Ended 1 session.', 'Ended 1 session.', 'User 1 has no sessions.'])
      const error = await callCommand('sessions', 'end', '1', id, io).catch((each: unknown) => each)
      expect(error).to.be.instanceOf(CommandError)
    }))
})

describe('devices without their app', () => {
  before(async () => {
    await setup()
    await apps.populate(withoutApp(), projectRoot())
  })
  after(() => apps.populate(current.INSTALLED_APPS, projectRoot()))

  it('report what to install', async () => {
    const error = await devices.list('1').catch((each: Error) => each)
    expect((error as Error).message).to.contain('Add it, and migrate')
  })
})
