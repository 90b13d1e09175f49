/** A directory whose disk is not mounted: an outage and not an empty store, until it is mounted again. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import type { Settings } from '#core/conf'
import { overrideSettings } from '#core/conf'
import { ServiceUnavailable } from '#core/exceptions'
import { Client } from '#core/test'
import { FileBasedCache } from '../../../core/cache/backends/filebased.ts'
import { rejection } from '../../cache/until.ts'
import { skipTest, temporaryFolder } from '../../services.ts'

const SHARED_MEMORY = '/dev/shm'

describe('a directory whose disk is not mounted', () => {
  let disk: string
  let empty: string
  let mounted: string

  before(function () {
    const other = temporaryFolder('mount')
    if (!existsSync(SHARED_MEMORY) || statSync(SHARED_MEMORY).dev === statSync(other).dev) {
      skipTest(this, 'There is no second device for a directory here.')
    }
  })
  beforeEach(async () => {
    await setup()
    disk = mkdtempSync(path.join(SHARED_MEMORY, 'nuages-'))
    const folder = temporaryFolder('mount')
    empty = path.join(folder, 'empty')
    mkdirSync(empty)
    mounted = path.join(folder, 'mounted')
    mount(disk)
  })
  afterEach(() => rmSync(disk, { recursive: true, force: true }))

  /** A link stands for a mount: the path leads to another directory on another device. */
  const mount = (target: string): void => {
    rmSync(mounted, { force: true })
    symlinkSync(target, mounted)
  }

  const using = (settings: Settings, body: (client: Client) => Promise<void>) =>
    overrideSettings(
      {
        ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
        MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
        DEBUG: false,
        ...settings,
      },
      () => body(new Client()),
    )

  const kinds = {
    file: () => ({ SESSION_ENGINE: 'core.contrib.sessions.backends.file', SESSION_FILE_PATH: mounted }),
    cache: () => ({
      SESSION_ENGINE: 'core.contrib.sessions.backends.cache',
      CACHES: { default: { BACKEND: 'core.cache.backends.filebased.FileBasedCache', LOCATION: mounted } },
    }),
  }

  for (const [engine, settings] of Object.entries(kinds)) {
    it(`is a 503 with the engine ${engine}, replaces no session, and works when it is mounted again`, () =>
      using(settings(), async (client) => {
        expect((await client.get('/count')).text).to.equal('1')
        mount(empty)
        for (const url of ['/count', '/read', '/login', '/logout']) {
          const response = await client.get(url)
          expect(response.status, url).to.equal(503)
          expect(response.setCookie, url).to.deep.equal([])
        }
        expect((await new Client().get('/count')).status).to.equal(503)
        expect(readdirSync(empty)).to.deep.equal([])
        mount(disk)
        expect((await client.get('/count')).text).to.equal('2')
      }))
  }

  it('is an outage for a file cache', async () => {
    const cache = new Cache(new FileBasedCache({ location: mounted, options: {} }))
    await cache.set('key', 1)
    mount(empty)
    for (const work of [() => cache.get('key'), () => cache.set('key', 2), () => cache.delete('key')]) {
      expect(await rejection(work())).to.be.instanceOf(ServiceUnavailable)
    }
    mount(disk)
    expect(await cache.get('key')).to.equal(1)
  })

  it('is not one that was made again', () =>
    using(kinds.file(), async (client) => {
      await client.get('/count')
      const other = mkdtempSync(path.join(SHARED_MEMORY, 'nuages-'))
      mount(other)
      expect((await client.get('/count')).text).to.equal('1')
      rmSync(other, { recursive: true })
    }))
})
