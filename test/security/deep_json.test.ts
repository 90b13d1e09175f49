/** Values nested deeper than any stack: a client's are a bad request, a view's are refused by key. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { Cache } from '#core/cache'
import { overrideSettings } from '#core/conf'
import { decodeSession, encodeSession, openSession, type SessionDict } from '#core/contrib/sessions'
import { dumps, loads, TimestampSigner } from '#core/signing'
import { STORE_SALT } from '../../core/contrib/sessions/codec.ts'
import { LocMemCache } from '../../core/cache/backends/locmem.ts'
import { JSONSerializer } from '../../core/cache/serializers.ts'
import { dumpsPickle, loadsPickle, plainText } from '../../core/serialization/pickle/index.ts'
import { captureLogs, formatValue } from '#core/utils'
import { isDeeperThan, isValueDeeperThan, NotJson, parseJson, stringifyJson } from '#core/serialization'
import { Client } from '#core/test'
import { inDatabase } from '../contrib/sessions/database.ts'
import { MemoryStore } from '../contrib/sessions/memory_store.ts'

const list = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const dict = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
/** A pickle of lists. */
const appended = (levels: number): string => `${']'.repeat(levels)}${'a'.repeat(levels - 1)}.`
/** Spelled so that only our own parser preserves the numbers. */
const spelled = (levels: number): string => `${'['.repeat(levels)}1.0${']'.repeat(levels)}`
const STRINGS = { lists: list, dicts: dict, 'spelled numbers': spelled }

const BEYOND = [1001, 5000, 100_000]

describe('JSON that is nested deeply', () => {
  let release: () => void
  before(async () => {
    await setup()
    // Each bad request is logged.
    release = captureLogs(() => {})
  })
  after(() => release())
  inDatabase(() => ({
    ROOT_URLCONF: 'test.security.deep_json_site',
    MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
  }))

  for (const [what, text] of Object.entries(STRINGS)) {
    it(`in a request body (${what}) is accepted up to 500 levels, and is a 400 beyond`, async () => {
      for (const engine of ['db', 'cache', 'cached_db']) {
        await overrideSettings({ SESSION_ENGINE: `core.contrib.sessions.backends.${engine}` }, async () => {
          const client = new Client()
          for (const [levels, status] of [[100, 200], [500, 200], [501, 400], ...BEYOND.map((each) => [each, 400])]) {
            const body = text(levels as number)
            const response = await client.post('/keep', { data: body, contentType: 'application/json' })
            expect(response.status, `${levels} levels on ${engine}`).to.equal(status)
          }
        })
      }
    })
  }

  it('is not deep because of brackets in its strings', async () => {
    const value = {
      text: '['.repeat(100_000),
      quoted: '\\"{"'.repeat(10_000),
      rows: Array.from({ length: 5000 }, () => [{}]),
    }
    const response = await new Client().post('/keep', { data: JSON.stringify(value), contentType: 'application/json' })
    expect(response.status).to.equal(200)
    expect(response.json()).to.deep.equal({ value })
  })

  for (const parser of ['Parser', 'NodeParser']) {
    it(`that a ${parser} of another package has read is a 400, too`, () =>
      overrideSettings(
        {
          MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware', `test.security.deep_json_site.${parser}`],
        },
        async () => {
          for (const page of ['/parsed', '/keep']) {
            for (const [levels, status] of [
              [500, 200],
              [501, 400],
              [100_000, 400],
            ] as const) {
              const response = await new Client().post(page, { data: dict(levels), contentType: 'application/json' })
              expect(response.status, `${levels} levels on ${page}`).to.equal(status)
            }
          }
        },
      ))
  }

  it('is not parsed beyond 1000 levels: a SyntaxError, as for any invalid JSON', () => {
    for (const text of Object.values(STRINGS)) {
      expect(() => parseJson(text(1000))).not.to.throw()
      for (const levels of BEYOND) expect(() => parseJson(text(levels))).to.throw(SyntaxError, '1000 levels')
    }
    for (const cut of ['['.repeat(100_000), '{"a":'.repeat(100_000), '[1.0,'.repeat(100_000)]) {
      expect(() => parseJson(cut)).to.throw(SyntaxError)
    }
  })

  it('is not written beyond 1000 levels: an error with the name of the value', () => {
    for (const text of [list, dict]) {
      const whole: unknown = JSON.parse(text(1000))
      for (const write of [stringifyJson, dumpsPickle, plainText]) {
        expect(() => write(whole, 'session.cart')).not.to.throw()
        for (const levels of BEYOND) {
          const write1 = (): string => write(JSON.parse(text(levels)), 'session.cart')
          expect(write1).to.throw(NotJson, /^session\.cart.{0,100} stands more than 1000 levels deep/)
        }
      }
    }
  })

  it('that a view has created is refused by its key, when it is set and when it is found inside', async () => {
    const store = new MemoryStore()
    for (const levels of BEYOND) {
      const value: unknown = JSON.parse(dict(levels))
      const session = openSession(store)
      session.set<string>('cart', { items: [] })
      await session.save()
      expect(() => session.set('deep', value)).to.throw(NotJson, /^session\.deep/)
      expect(() => session.update({ deep: value })).to.throw(NotJson, /^session\.deep/)
      const cart = session.get<string>('cart') as { items: unknown[] }
      cart.items.push(value)
      const error: unknown = await session.save().catch((each: unknown) => each)
      expect(error)
        .to.be.instanceOf(NotJson)
        .with.property('message')
        .that.matches(/^session\.cart/)
      const stored = openSession(store, session.sessionKey)
      await stored.load()
      expect(stored.toJSON()).to.deep.equal({ cart: { items: [] } })
    }
  })

  it('leaves room for the session around it: what can be set can be saved', async () => {
    const session = openSession(new MemoryStore())
    session.set('deepest', JSON.parse(list(999)))
    await session.save()
    expect(() => session.set('deeper', JSON.parse(list(1000)))).to.throw(NotJson, /^session\.deeper/)
  })

  it('that contains itself is refused by its key', () => {
    const session = openSession(new MemoryStore())
    const ring: unknown[] = []
    ring.push([{ ring }])
    expect(() => session.set('ring', ring)).to.throw(NotJson, /^session\.ring.* contains itself/)
    const own = session.set('fine', {}).toJSON()
    expect(() => session.set('self', { own, again: ring })).to.throw(NotJson, /^session\.self.* contains itself/)
  })

  it('in a stored session is unreadable, like garbage: empty, and no error', () => {
    const signer = new TimestampSigner({ salt: STORE_SALT })
    for (const levels of BEYOND) {
      for (const text of Object.values(STRINGS)) {
        for (const compress of [true, false]) {
          const stored = signer.signSerialized(`{"k":${text(levels)}}`, compress)
          expect(decodeSession(stored)).to.deep.equal({})
        }
      }
    }
    const kept: SessionDict = { k: JSON.parse(list(999)) as unknown }
    expect(JSON.stringify(decodeSession(encodeSession(kept)))).to.equal(JSON.stringify(kept))
  })

  it('in signed values and in caches never causes a stack overflow', async () => {
    for (const levels of BEYOND) {
      const value: unknown = JSON.parse(list(levels))
      expect(() => dumps(value)).to.throw(NotJson)
      expect(formatValue(value)).to.match(/^\[ ?\[/)
      const signed = new TimestampSigner({ salt: 'django.core.signing' }).signSerialized(list(levels), true)
      expect(() => loads(signed)).to.throw(SyntaxError, '1000 levels')
      for (const serializer of [undefined, new JSONSerializer()]) {
        const cache = new Cache(new LocMemCache({ location: `deep ${levels}`, options: {}, serializer }))
        const error: unknown = await cache.set('key', value).catch((each: unknown) => each)
        expect(error).to.be.instanceOf(NotJson)
      }
      for (const pickle of [appended(levels), `N${'\x85'.repeat(Math.min(levels, 10_000))}.`]) {
        expect(() => loadsPickle(pickle)).to.throw(/1000 levels deep/)
      }
    }
  })

  it('or with a string of millions of characters is read and written', () => {
    const text = `[1.0,"${'a'.repeat(16_000_000)}\\n"]`
    expect(stringifyJson(parseJson(text)) === text).to.equal(true)
    for (const broken of ['[1.0,"a', '[1.0,"a\\', '[1.0,"a\\"', '{"a":1.0,"', '{"a":1.0,b":2}', '{1.0:1}']) {
      expect(() => parseJson(broken), broken).to.throw(SyntaxError)
    }
  })

  it('is measured in one pass over its string, without recursion over its value', () => {
    expect(isDeeperThan(3, '[[[1]]]')).to.equal(false)
    expect(isDeeperThan(3, '[[[[1]]]]')).to.equal(true)
    expect(isDeeperThan(3, '["[[[[", {"}]": "\\"[[[["}, "\\\\", []]')).to.equal(false)
    expect(isDeeperThan(1, '"\\')).to.equal(false)
    expect(isValueDeeperThan(3, [[[1]]])).to.equal(false)
    expect(isValueDeeperThan(3, [[{ a: [] }]])).to.equal(true)
    const ring: unknown[] = []
    ring.push(ring, ring)
    expect(isValueDeeperThan(1000, ring)).to.equal(true)
    expect(isValueDeeperThan(1, new Map())).to.equal(false)
    let shared: unknown = 1
    for (let i = 0; i < 400; i++) shared = [shared, shared]
    expect(isValueDeeperThan(500, shared)).to.equal(false)
  })
})
