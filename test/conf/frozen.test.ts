/** What drivers get: a copy of their options that they can change. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { caches } from '#core/cache'
import { mutableCopy, overrideSettings } from '#core/conf'
import { ChangingCache } from './changing_cache.ts'

class Adapter {
  nodes = [1]
}

describe('a copy of frozen options', () => {
  it('can be changed at every depth, and the original is unchanged', () => {
    const original = Object.freeze({ a: Object.freeze([Object.freeze({ b: 1 })]) })
    const copy = mutableCopy(original) as unknown as { a: { b: number }[]; c?: number }
    copy.a[0]!.b = 2
    copy.a.push({ b: 3 })
    copy.c = 4
    expect([copy, original]).to.deep.equal([{ a: [{ b: 2 }, { b: 3 }], c: 4 }, { a: [{ b: 1 }] }])
  })

  it('keeps functions and instances of classes', () => {
    const original = {
      adapter: new Adapter(),
      bytes: Buffer.from('a'),
      date: new Date(0),
      map: new Map(),
      run: () => 1,
    }
    const copy = mutableCopy(original)
    expect(copy).to.not.equal(original)
    for (const name of Object.keys(original) as (keyof typeof original)[]) expect(copy[name]).to.equal(original[name])
  })

  it('contains itself where the original does', () => {
    const original: { self?: unknown; list: unknown[] } = { list: [] }
    original.self = original
    original.list.push(original.list)
    const copy = mutableCopy(original)
    expect(copy.self).to.equal(copy)
    expect(copy.list[0]).to.equal(copy.list)
  })

  it('is what the backend of a project gets', async () => {
    await setup()
    const BACKEND = 'test.conf.changing_cache.ChangingCache'
    const entry = { BACKEND, LOCATION: ['one'], OPTIONS: { nodes: [{ host: 'a' }] } }
    await overrideSettings({ CACHES: { default: entry } }, async () => {
      await caches.default?.get('key')
      expect(ChangingCache.given?.location).to.deep.equal(['one', 'another'])
      expect(entry.OPTIONS.nodes).to.deep.equal([{ host: 'a' }])
    })
  })
})
