/** The file engine when its directory is missing, unwritable or contains other files. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { canLoadSync, InvalidSessionKey, newSessionKey, openSessionStore } from '#core/contrib/sessions'
import { SessionStore } from '#core/contrib/sessions/backends/file'
import { ImproperlyConfigured, ServiceUnavailable } from '#core/exceptions'
import { captureLogs } from '#core/utils'

const later = (): number => Date.now() + 1_000_000

describe('the file engine', () => {
  let root: string
  let folder: string
  before(() => setup())
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'nuages-files-'))
    folder = path.join(root, 'sessions')
    mkdirSync(folder)
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('reports a missing directory at start', () => {
    expect(() => new SessionStore({ folder: path.join(root, 'nowhere') })).to.throw(
      ImproperlyConfigured,
      'Please set SESSION_FILE_PATH to an existing folder.',
    )
  })

  it('refuses keys that lead out of its directory', async () => {
    const store = new SessionStore({ folder })
    writeFileSync(path.join(root, 'secret'), 'x')
    for (const key of ['../secret', '..%2fsecret', 'a/b', 'a\\b', '\0', '.', 'a'.repeat(10_000), 'ABCDEFGHIJ']) {
      expect(await store.load(key)).to.equal(undefined)
      expect(await store.delete(key)).to.equal(false)
    }
    expect(() => store.keyToFile('../secret')).to.throw(InvalidSessionKey)
  })

  it('reports an outage when the disk is gone, instead of ending all sessions', () =>
    overrideSettings({ SESSION_ENGINE: 'core.contrib.sessions.backends.file', SESSION_FILE_PATH: folder }, async () => {
      const release = captureLogs(() => {})
      try {
        const store = openSessionStore()
        const { key, version } = (await store.create({ data: { a: 1 }, expiresAt: later() })) as {
          key: string
          version: string
        }
        renameSync(folder, `${folder}-gone`)
        const attempts = [
          () => store.load(key),
          () => store.create({ data: {}, expiresAt: later() }),
          () => store.update(key, { data: {}, expiresAt: later() }, version),
        ]
        for (const attempt of attempts) {
          const error = await attempt().catch((each: unknown) => each)
          expect(error).to.be.instanceOf(ServiceUnavailable)
        }
        expect(() => canLoadSync(store) && store.loadSync(key)).to.throw(ServiceUnavailable)
        renameSync(`${folder}-gone`, folder)
        expect((await store.load(key))?.data).to.deep.equal({ a: 1 })
      } finally {
        release()
      }
    }))

  it('leaves no files except sessions', async () => {
    const store = new SessionStore({ folder })
    const { key, version } = await store.create({ data: { a: 1 }, expiresAt: later() })
    await store.update(key, { data: { a: 2 }, expiresAt: later() }, version)
    expect(readdirSync(folder)).to.deep.equal([`sessionid${key}`])
    await store.delete(key)
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('removes the lock of a process that died, but not that of a running one', async () => {
    const store = new SessionStore({ folder })
    const { key, version } = await store.create({ data: { a: 1 }, expiresAt: later() })
    const lock = path.join(folder, `.lock-sessionid${key}`)
    writeFileSync(lock, '')
    const tenSecondsAgo = Date.now() / 1000 - 10
    utimesSync(lock, tenSecondsAgo, tenSecondsAgo)
    await store.update(key, { data: { a: 2 }, expiresAt: later() }, version)
    expect((await store.load(key))?.data).to.deep.equal({ a: 2 })

    writeFileSync(lock, '')
    let deleted = false
    const deleting = store.delete(key).then(() => {
      deleted = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(deleted).to.equal(false)
    rmSync(lock)
    await deleting
    expect(deleted).to.equal(true)
  })

  it('clears the locks of dead processes', async () => {
    const store = new SessionStore({ folder })
    const { key } = await store.create({ data: { a: 1 }, expiresAt: later() })
    const lock = path.join(folder, `.lock-sessionid${key}`)
    writeFileSync(lock, '')
    await store.clearExpired()
    expect(readdirSync(folder)).to.have.length(2)
    const tenSecondsAgo = Date.now() / 1000 - 10
    utimesSync(lock, tenSecondsAgo, tenSecondsAgo)
    await store.clearExpired()
    expect(readdirSync(folder)).to.deep.equal([`sessionid${key}`])
  })

  it('clears what has expired, and leaves what is not a session alone', async () => {
    const store = new SessionStore({ folder })
    const { key } = await store.create({ data: { _session_expiry: -1 }, expiresAt: later() })
    const living = await store.create({ data: { a: 1 }, expiresAt: later() })
    writeFileSync(path.join(folder, 'notes.txt'), 'mine')
    writeFileSync(path.join(folder, `sessionid${newSessionKey()}_out_x`), 'half a file')
    expect(await store.clearExpired()).to.equal(1)
    expect(await store.exists(key)).to.equal(false)
    expect(await store.exists(living.key)).to.equal(true)
    expect(readdirSync(folder)).to.have.length(3)
  })
})
