/** Runs the contract tests of session engines on every engine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { sessionEngineTests } from '../../../core/test/session_engine.ts'
import { KeyvCache } from '../../../core/cache/backends/keyv.ts'
import { LocMemCache } from '../../../core/cache/backends/locmem.ts'
import { SessionStore as CacheStore } from '../../../core/contrib/sessions/backends/cache.ts'
import { SessionStore as CachedDatabaseStore } from '../../../core/contrib/sessions/backends/cached_db.ts'
import { SessionStore as DatabaseStore } from '../../../core/contrib/sessions/backends/db.ts'
import { SessionStore as FileStore } from '../../../core/contrib/sessions/backends/file.ts'
import { SessionStore as CookieStore } from '../../../core/contrib/sessions/backends/signed_cookies.ts'
import { inDatabase } from './database.ts'
import { MemoryStore } from './memory_store.ts'
import { withSteps } from './interleaving.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'nuages-sessions-'))
const cache = (): Cache =>
  new Cache(new LocMemCache({ location: 'session engines', options: { MAX_ENTRIES: 100_000 } }))
const throughKeyv = (): Cache => new Cache(new KeyvCache({ location: 'session engines', options: {} }))

describe('session engines', () => {
  before(() => setup())
  inDatabase()
  after(() => rmSync(folder, { recursive: true }))

  sessionEngineTests('in memory (the smallest there is)', () => new MemoryStore())
  sessionEngineTests('db', () => new DatabaseStore())
  sessionEngineTests('cache, in this process', () => new CacheStore({ cache: cache() }))
  sessionEngineTests('cache', (step) => new CacheStore({ cache: withSteps(cache(), step) }))
  sessionEngineTests(
    'cached_db',
    (step) =>
      new CachedDatabaseStore({ cache: withSteps(cache(), step), database: withSteps(new DatabaseStore(), step) }),
  )
  sessionEngineTests('cache through Keyv', (step) => new CacheStore({ cache: withSteps(throughKeyv(), step) }))
  sessionEngineTests(
    'cached_db through Keyv',
    (step) =>
      new CachedDatabaseStore({
        cache: withSteps(throughKeyv(), step),
        database: withSteps(new DatabaseStore(), step),
      }),
  )
  sessionEngineTests('file', () => new FileStore({ folder }))
  sessionEngineTests('signed_cookies', () => new CookieStore(), { keepsRecords: false })
})
