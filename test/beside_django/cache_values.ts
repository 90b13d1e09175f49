/** Cached values are the same for both sides, whichever side set them: plain ones and counters. */
import { expect } from 'chai'
import { cache } from '#core/cache'
import type { Beside } from './beside.ts'
import { Generator, isSame, plainText, SEED } from './generated.ts'

/** Values that each side sets. */
const VALUES = 100

export function cacheValues(beside: Beside): void {
  it(`has the same values for both, whichever side set them, ${VALUES} of each`, async () => {
    const { django } = beside
    const scalars = ['0', '-1', '255', '12345678901234567890', 'true', 'false', '1.0', '"text"', '"Größe"', '[]', '{}']
    const generated = new Generator(SEED + 4).sessions(VALUES - scalars.length)
    const strings = [...scalars, ...generated.map(({ text }) => text)]
    await django.ask('cache_set', { entries: strings.map((text, i) => [`theirs${i}`, text]) })
    for (const [i, { value, text }] of generated.entries()) {
      const found = await cache.get(`theirs${i + scalars.length}`)
      expect(isSame(found, value), `${text} is read as ${plainText(found)}`).to.equal(true)
      // It is written back unchanged.
      await cache.set(`back${i}`, found)
    }
    const back = generated.map(({ text }, i) => [`back${i}`, text])
    expect(await django.ask('cache_differences', { entries: back })).to.deep.equal([])

    const expected = [0, -1, 255, 12345678901234567890n, true, false, 1, 'text', 'Größe', [], {}]
    for (const [i, value] of expected.entries()) expect(isSame(await cache.get(`theirs${i}`), value)).to.equal(true)
    const values = new Generator(SEED + 5, { endless: false }).sessions(VALUES).map(({ value }) => value)
    for (const [i, value] of [...expected, ...values].entries()) await cache.set(`ours${i}`, value)
    const entries = [...expected, ...values].map((value, i) => [`ours${i}`, plainText(value)])
    expect(await django.ask('cache_differences', { entries })).to.deep.equal([])
  })

  it('increments values that the other side has incremented', async () => {
    const { django } = beside
    await django.ask('cache_set', { entries: [['counter', '41']] })
    expect(await cache.incr('counter')).to.equal(42)
    expect(await django.ask('cache_differences', { entries: [['counter', '42']] })).to.deep.equal([])
  })
}
