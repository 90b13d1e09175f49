/** Mutation tests of the contract tests: each built-in engine with one fault added fails them. */
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import {
  encodeSession,
  type LoadedSession,
  newSessionKey,
  SessionConflict,
  SessionGone,
  type SessionRecord,
} from '#core/contrib/sessions'
import { connection, toDatabaseDate } from '#core/db'
import { type OpenStore, sessionEngineTests } from '#core/test'
import { captureLogs } from '#core/utils'
import { LocMemCache } from '../../../core/cache/backends/locmem.ts'
import { KEY_PREFIX, SessionStore as CacheStore } from '../../../core/contrib/sessions/backends/cache.ts'
import {
  KEY_PREFIX as CACHED_PREFIX,
  SessionStore as CachedDatabaseStore,
} from '../../../core/contrib/sessions/backends/cached_db.ts'
import { SessionStore as DatabaseStore } from '../../../core/contrib/sessions/backends/db.ts'
import { SessionStore as FileStore } from '../../../core/contrib/sessions/backends/file.ts'
import { inDatabase } from './database.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'nuages-mutants-'))
const cache = new Cache(new LocMemCache({ location: 'mutants', options: { MAX_ENTRIES: 100_000 } }))
const rows = () => connection('django_session')
const columns = ({ data, expiresAt }: SessionRecord) => ({
  session_data: encodeSession(data),
  expire_date: toDatabaseDate(expiresAt),
})

/** Names of the tests that an engine fails. */
async function failures(openStore: OpenStore): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = []
  const { describe, it } = globalThis
  const collect = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => tests.push([name, body]),
  }
  Object.assign(globalThis, collect)
  sessionEngineTests('mutant', openStore)
  Object.assign(globalThis, { describe, it })
  const failed: string[] = []
  for (const [name, body] of tests) {
    try {
      // A mutant may wait forever because of its own fault.
      const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('too late')), 1000).unref())
      await Promise.race([body(), late])
    } catch {
      failed.push(name)
    }
  }
  return failed
}

class Db extends DatabaseStore {}
class InCache extends CacheStore {
  constructor() {
    super({ cache })
  }
}
class Files extends FileStore {
  constructor() {
    super({ folder })
  }

  /** Inside the folder: the suite passes keys such as `../../etc/passwd`, which a faulty engine must not delete. */
  protected file = (key: string): string =>
    path.join(folder, `sessionid${key.replaceAll(/[^a-z0-9]/gi, '_').slice(0, 64)}`)
}

const MUTANTS: Record<string, OpenStore> = {
  'db writes over whatever is there': () =>
    new (class extends Db {
      override async update(key: string, record: SessionRecord) {
        await rows().where('session_key', key).update(columns(record))
        return { key, version: columns(record).session_data }
      }
    })(),
  'db inserts a session that is gone': () =>
    new (class extends Db {
      override async update(key: string, record: SessionRecord) {
        await rows()
          .insert({ session_key: key, ...columns(record) })
          .onConflict('session_key')
          .merge()
        return { key, version: columns(record).session_data }
      }
    })(),
  'db checks first and writes then': () =>
    new (class extends Db {
      override async update(key: string, record: SessionRecord, version: string) {
        const found = await this.load(key)
        if (found === undefined) throw new SessionGone()
        if (found.version !== version) throw new SessionConflict()
        await rows().where('session_key', key).update(columns(record))
        return { key, version: columns(record).session_data }
      }
    })(),
  'db ignores the version when it deletes': () =>
    new (class extends Db {
      override delete(key: string) {
        return super.delete(key)
      }
    })(),
  'db reports the deletion of a missing session': () =>
    new (class extends Db {
      override async delete(key: string, version?: string) {
        await super.delete(key, version)
        return true
      }
    })(),
  'db does not delete': () =>
    new (class extends Db {
      override async delete() {
        return true
      }
    })(),
  'db reads expired sessions': () =>
    new (class extends Db {
      override async load(key: string): Promise<LoadedSession | undefined> {
        await rows()
          .where('session_key', key)
          .update({ expire_date: toDatabaseDate(Date.now() + 1e6) })
        return super.load(key)
      }
    })(),
  'db adopts keys': () =>
    new (class extends Db {
      override async load(key: string): Promise<LoadedSession | undefined> {
        const found = await super.load(key)
        if (found !== undefined || key.length > 40) return found
        const row = { session_key: key, ...columns({ data: {}, expiresAt: Date.now() + 1e6 }) }
        await rows().insert(row).onConflict().ignore()
        return super.load(key)
      }
    })(),
  'db gives all sessions the same key': () =>
    new (class extends Db {
      override async create(record: SessionRecord) {
        const row = { session_key: 'a'.repeat(32), ...columns(record) }
        await rows().insert(row).onConflict('session_key').merge()
        return { key: row.session_key, version: row.session_data }
      }
    })(),
  'db returns a wrong version': () =>
    new (class extends Db {
      override async load(key: string): Promise<LoadedSession | undefined> {
        const found = await super.load(key)
        const now = (await rows().where('session_key', key).first()) as { session_data: string } | undefined
        return found && { ...found, data: {}, version: now?.session_data ?? '' }
      }
    })(),
  'cache sets instead of comparing': () =>
    new (class extends InCache {
      override async update(key: string, record: SessionRecord) {
        await cache.set(KEY_PREFIX + key, record.data, 1000)
        return { key }
      }
    })(),
  'cache checks for the key and sets then': (step) =>
    new (class extends InCache {
      override async update(key: string, record: SessionRecord, version: string) {
        await super.update(key, record, version)
        await step()
        await cache.set(KEY_PREFIX + key, record.data, 1000)
        return { key }
      }
    })(),
  'cache ignores the version when it deletes': () =>
    new (class extends InCache {
      override delete(key: string) {
        return super.delete(key)
      }
    })(),
  'cache never expires': () =>
    new (class extends InCache {
      override async create(record: SessionRecord) {
        const key = newSessionKey()
        await cache.set(KEY_PREFIX + key, record.data, 1000)
        return { key }
      }
    })(),
  'cached_db does not delete from the cache': () =>
    new (class extends CachedDatabaseStore {
      constructor() {
        super({ cache })
      }
      override async delete(key: string) {
        return new DatabaseStore().delete(key)
      }
    })(),
  'cached_db writes the cache only': () =>
    new (class extends CachedDatabaseStore {
      constructor() {
        super({ cache })
      }
      override async update(key: string, record: SessionRecord) {
        await cache.set(CACHED_PREFIX + key, record.data, 1000)
        return { key }
      }
    })(),
  'file writes over whatever is there': () =>
    new (class extends Files {
      override async update(key: string, record: SessionRecord) {
        const text = encodeSession(record.data)
        writeFileSync(this.file(key), text)
        return { key, version: text }
      }
    })(),
  'file creates a new file for a deleted session': () =>
    new (class extends Files {
      override async update(key: string, record: SessionRecord, version: string) {
        const text = encodeSession(record.data)
        await super.update(key, record, version).catch(() => writeFileSync(this.file(key), text))
        return { key, version: text }
      }
    })(),
  'file checks first and writes then': (step) =>
    new (class extends Files {
      override async update(key: string, record: SessionRecord, version: string) {
        if (readFileSync(this.file(key), 'latin1') !== version) return super.update(key, record, version)
        await step()
        await new Promise((resolve) => setImmediate(resolve))
        const text = encodeSession(record.data)
        writeFileSync(this.file(key), text)
        return { key, version: text }
      }
    })(),
  'file ignores the version when it deletes': () =>
    new (class extends Files {
      override async delete(key: string) {
        try {
          unlinkSync(this.file(key))
          return true
        } catch {
          return false
        }
      }
    })(),
}

describe('a faulty session engine', () => {
  let release: () => void
  before(() => setup())
  inDatabase()
  before(() => {
    release = captureLogs(() => {})
  })
  after(() => {
    release()
    rmSync(folder, { recursive: true })
  })

  for (const [fault, openStore] of Object.entries(MUTANTS)) {
    it(`is caught: ${fault}`, async function () {
      this.timeout(60_000)
      expect(await failures(openStore)).not.to.deep.equal([])
    })
  }

  it('is distinguished from a correct one', async () => {
    // Some of the faulty engines have stored sessions under fixed keys.
    await rows().delete()
    await cache.clear()
    expect(await failures(() => new DatabaseStore())).to.deep.equal([])
    expect(await failures(() => new InCache())).to.deep.equal([])
    expect(await failures(() => new Files())).to.deep.equal([])
    expect(await failures(() => new CachedDatabaseStore({ cache }))).to.deep.equal([])
  })
})
