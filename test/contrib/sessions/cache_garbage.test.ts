/** An invalid cache entry under a session key does not fail the request, and an unreadable session is not lost. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type Cache, caches, type CacheStore, type CacheStoreClass } from '#core/cache'
import { settings } from '#core/conf'
import { openSession, openSessionStore } from '#core/contrib/sessions'
import { captureLogs, importName, type LogRecord } from '#core/utils'
import { DatabaseCache } from '../../../core/cache/backends/db.ts'
import { PyMemcacheCache } from '../../../core/cache/backends/memcached.ts'
import { KEY_PREFIX as CACHED_DB } from '../../../core/contrib/sessions/backends/cached_db.ts'
import { KEY_PREFIX as CACHE } from '../../../core/contrib/sessions/backends/cache.ts'
import { rejection } from '../../cache/until.ts'
import { useMigratedSetup, engineSetups } from './engine_setups.ts'

const GARBAGE = ['', 'garbage', '\x80\x04}(V', '](K\x01e.', 'K\x07.', '\xff\xfe']
/** A pickle that would run a command if it were loaded by Python. */
const CALL = "}(Vn\nK\x01Vwhen\ncos\nsystem\n(S'true'\ntRu."

const all = (await engineSetups('garbage')).filter(({ name }) => name.startsWith('cache'))

async function openedStore(): Promise<CacheStore> {
  const { BACKEND, LOCATION = '' } = settings.CACHES.default as { BACKEND: string; LOCATION?: string }
  const Store = (await importName(BACKEND, { setting: 'CACHES', root: '/' })) as CacheStoreClass
  return new Store({ location: LOCATION, options: {} })
}

/** The bytes as stored. */
function storedIn(store: CacheStore, bytes: string): string {
  if (store instanceof PyMemcacheCache) return `\x01${bytes}`
  return store instanceof DatabaseCache ? Buffer.from(bytes, 'latin1').toString('base64') : bytes
}

describe('invalid entries in a cache of sessions', () => {
  before(() => setup())

  for (const setup of all) {
    describe(setup.name, () => {
      useMigratedSetup(setup)
      let records: LogRecord[] = []
      let release = (): void => {}
      beforeEach(() => {
        records = []
        release = captureLogs((record) => records.push(record))
      })
      afterEach(() => release())

      const hasRows = setup.name.startsWith('cached_db')
      const fullKey = (key: string): string => (caches.default as Cache).makeKey((hasRows ? CACHED_DB : CACHE) + key)

      /** Uses the store beneath the cache. */
      async function beneath<T>(work: (store: CacheStore) => Promise<T>): Promise<T> {
        const store = await openedStore()
        try {
          return await work(store)
        } finally {
          await store.disconnect()
        }
      }

      /** The key of a session whose cache entry was replaced by these bytes. */
      async function spoiled(bytes: string): Promise<string> {
        const session = openSession(openSessionStore())
        session.update({ n: 1 })
        await session.save()
        const key = session.sessionKey as string
        await beneath((store) => store.set(fullKey(key), storedIn(store, bytes), 60_000))
        return key
      }

      const warnings = (): string[] =>
        records.map(({ level, logger, message }) => `${level} ${logger}: ${message.split(' ').slice(0, 3).join(' ')}`)

      it(hasRows ? 'is passed over: the database decides' : 'reads as empty, and is written over', async () => {
        for (const bytes of GARBAGE) {
          const key = await spoiled(bytes)
          records = []
          const session = openSession(openSessionStore(), key)
          expect(await session.load(), bytes).to.deep.equal(hasRows ? { n: 1 } : {})
          expect(session.sessionKey).to.equal(key)
          expect(warnings()).to.deep.equal(['warning django.security.SuspiciousSession: Session data corrupted'])
          session.set('m', 2)
          await session.save()
          expect(session.sessionKey).to.equal(key)
          records = []
          const again = await openSession(openSessionStore(), key).load()
          expect(again).to.deep.equal(hasRows ? { n: 1, m: 2 } : { m: 2 })
          expect(records).to.deep.equal([])
        }
      })

      // A cache within one process holds no pickles.
      if (!setup.isShared) return

      it('reports what cannot be read in an unreadable session, and keeps the entry', async () => {
        const key = await spoiled(CALL)
        records = []
        const session = openSession(openSessionStore(), key)
        if (hasRows) expect(await session.load()).to.deep.equal({ n: 1 })
        else {
          for (const use of [() => session.load(), () => session.save()]) {
            const error = await rejection(use())
            expect(error.name).to.equal('SessionUnreadable')
            expect(error.message).to.contain("the global 'os.system'").and.not.contain(key)
          }
        }
        expect(warnings()).to.deep.equal(['warning django.security.SuspiciousCache: What the cache'])
        expect(await beneath(async (store) => (await store.get(fullKey(key))) === storedIn(store, CALL))).to.equal(true)
      })

      if (!hasRows) return

      it('ignores an unreadable entry once the row has changed', async () => {
        const key = await spoiled(CALL)
        const session = openSession(openSessionStore(), key)
        await session.load()
        session.set('m', 2)
        await session.save()
        expect(await beneath(async (store) => (await store.get(fullKey(key))) === storedIn(store, CALL))).to.equal(
          false,
        )
        expect(await openSession(openSessionStore(), key).load()).to.deep.equal({ n: 1, m: 2 })
      })
    })
  }
})
