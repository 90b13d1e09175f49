/** A session pickled by Python keeps everything but our changes, in the cache and in the row behind it. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache, PickleSerializer } from '#core/cache'
import { openSession } from '#core/contrib/sessions'
import { connection } from '#core/db'
import { parseJson, stringifyJson } from '#core/serialization'
import { LocMemCache } from '../../../core/cache/backends/locmem.ts'
import * as cache from '../../../core/contrib/sessions/backends/cache.ts'
import * as cachedDb from '../../../core/contrib/sessions/backends/cached_db.ts'
import { SessionStore as DatabaseStore } from '../../../core/contrib/sessions/backends/db.ts'
import { decodeSession } from '../../../core/contrib/sessions/codec.ts'
import { dumpsPickle } from '../../../core/serialization/pickle/index.ts'
import { inDatabase } from './database.ts'

const KEY = 'abcdefgh12345678abcdefgh12345678'

/** In Python: {'10': 1.0, 'at': (1, 2.0), 'by': {7: 'a', None: 'b'}, 'cart': ['x'], 'n': 1}. */
const PLAIN = '}(V10\nF1.0\nVat\n(K\x01F2.0\ntVby\n}(K\x07Va\nNVb\nuVcart\n](Vx\neVn\nK\x01u.'
/** With bytes and a set, too. */
const RICH = '\x80\x04}(Vraw\nC\x02\0\xffVseen\n\x8f(K\x01\x90Vcart\n](Vx\neVn\nK\x01u.'

describe('a pickled session', () => {
  let kept: LocMemCache
  before(() => setup())
  inDatabase()
  beforeEach(async () => {
    kept = new LocMemCache({ location: 'pickled', options: {}, serializer: new PickleSerializer() })
    await kept.clear()
  })

  const put = (prefix: string, pickle: string): Promise<boolean> => kept.set(`:1:${prefix}${KEY}`, pickle, 60_000)
  const found = (prefix: string): Promise<string | undefined> => kept.get(`:1:${prefix}${KEY}`)
  const inCache = () => new cache.SessionStore({ cache: new Cache(kept) })

  it('keeps everything except the changed key', async () => {
    await put(cache.KEY_PREFIX, PLAIN)
    const session = openSession(inCache(), KEY)
    await session.load()
    session.set('n', 2)
    await session.save()
    expect(await found(cache.KEY_PREFIX)).to.equal(PLAIN.replace('Vn\nK\x01', 'Vn\nK\x02'))
  })

  it('keeps the siblings of a nested change', async () => {
    await put(cache.KEY_PREFIX, RICH)
    const session = openSession(inCache(), KEY)
    await session.load()
    ;(session.get<string>('cart') as string[]).push('y')
    expect(session.modified).to.equal(true)
    await session.save()
    expect(await found(cache.KEY_PREFIX)).to.equal(RICH.replace('](Vx\ne', '](Vx\nVy\ne'))
  })

  it('is not changed by being read, whatever it contains', async () => {
    for (const pickle of [PLAIN, RICH]) {
      await put(cache.KEY_PREFIX, pickle)
      const session = openSession(inCache(), KEY)
      await session.load()
      expect(session.items()).to.have.length(pickle === PLAIN ? 5 : 4)
      expect(session.modified).to.equal(false)
    }
  })

  it('keeps its content when another request has saved meanwhile', async () => {
    await put(cache.KEY_PREFIX, RICH)
    const [one, two] = [openSession(inCache(), KEY), openSession(inCache(), KEY)]
    await one.load()
    await two.load()
    two.set('m', 2)
    await two.save()
    ;(one.get('seen') as Set<number>).add(7)
    one.set('n', 5)
    await one.save()
    expect(await found(cache.KEY_PREFIX)).to.equal(
      RICH.replace('K\x01\x90', 'K\x01K\x07\x90').replace('Vn\nK\x01', 'Vn\nK\x05').replace(/u\.$/, 'Vm\nK\x02u.'),
    )
  })

  it('is written as a pickle to the cache and as JSON to its row, and both are correct', async () => {
    const database = new DatabaseStore({ newKey: () => KEY })
    const text = '{"10":1.0,"at":[1,2.0],"by":{"7":"a","null":"b"},"cart":["x"],"n":1}'
    const store = new cachedDb.SessionStore({ cache: new Cache(kept), database })
    const row = async (): Promise<string> => {
      const { session_data } = (await connection('django_session').where('session_key', KEY).first()) as {
        session_data: string
      }
      return stringifyJson(decodeSession(session_data))
    }
    // As in Django: the same session, pickled in the cache and as JSON in the row.
    await database.create({ data: parseJson(text) as Record<string, unknown>, expiresAt: Date.now() + 1e6 })
    await put(cachedDb.KEY_PREFIX, PLAIN)
    const again = openSession(store, KEY)
    await again.load()
    again.set('n', 2)
    await again.save()
    expect(await row()).to.equal(text.replace('"n":1', '"n":2'))
    expect(await found(cachedDb.KEY_PREFIX)).to.equal(PLAIN.replace('Vn\nK\x01', 'Vn\nK\x02'))
    // An empty cache is filled from the row.
    await kept.clear()
    await openSession(store, KEY).load()
    expect(await found(cachedDb.KEY_PREFIX)).to.equal(dumpsPickle(parseJson(text.replace('"n":1', '"n":2'))))
  })
})
