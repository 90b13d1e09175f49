/** Growth is measured on existing sessions, and the docs show the measurements. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { growthText, PAGE, pageWith, PICTURE } from '../../bench/growth_page.ts'
import { pointsOf } from '../../bench/growth_parts.ts'
import { growthPicture } from '../../bench/growth_picture.ts'
import { type Growth, merged, readGrowth, type Result } from '../../bench/growth_results.ts'
import { type FillableStore, FILLERS, keyAt } from '../../bench/fill.ts'
import { withServer } from '../../bench/measure.ts'
import { Unavailable } from '../../bench/stores.ts'
import { targetNamed } from '../../bench/targets.ts'
import { Visitors } from '../../bench/clients.ts'
import { requireService } from '../services.ts'

const COPIES = 50

const result = (size: number, cpu: number, more: Partial<Result> = {}): Result => ({
  part: 'sessions',
  size,
  work: 'read',
  store: 'file',
  machine: 'a computer',
  requestsPerSecond: 20_000,
  cpu,
  p50: 1,
  p99: 2,
  floor: { requestsPerSecond: 40_000, cpu: 20 },
  ...more,
})

const growth = (...results: readonly Result[]): Growth => ({ results, fanOut: {} })

describe('a filled store', function () {
  this.timeout(60_000)

  for (const [store, fill] of Object.entries(FILLERS)) {
    it(`has distinct sessions that Nuages can read (${store})`, async function () {
      const target = targetNamed(`nuages counter ${store as FillableStore}`)
      try {
        await withServer(target, async (server, { location }) => {
          const clients = new Visitors(server.port, 1)
          await clients.visit('/counter')
          const key = clients.cookies[0]?.split('=')[1] ?? ''
          await fill({ location, key, copies: COPIES })
          const ask = async (address: string, index: number): Promise<string> => {
            const headers = { cookie: `sessionid=${keyAt(index)}` }
            return (await fetch(`http://127.0.0.1:${server.port}${address}`, { headers })).text()
          }
          expect(await ask('/counter', 0)).to.equal('2')
          expect(await ask('/read', 0)).to.equal('2')
          expect(await ask('/read', COPIES - 1)).to.equal('1')
          expect(await ask('/read', COPIES)).to.equal('0')
        })
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        requireService({ available: false, reason: error.message }, this)
      }
    })
  }
})

describe('the measurements of growth', () => {
  it('replace the same point, and leave the others', () => {
    const old = growth(result(10, 30), result(1000, 40), result(10, 99, { work: 'counter' }))
    const { results } = merged(old, growth(result(1000, 35)))
    expect(results.map(({ size, work, cpu }) => [size, work, cpu])).to.deep.equal([
      [10, 'read', 30],
      [10, 'counter', 99],
      [1000, 'read', 35],
    ])
  })

  it('form a table with a row for each workload and a column for each size', () => {
    const text = growthText({
      ...growth(result(1000, 40), result(10, 30)),
      fanOut: { 10: { inOneFolder: 9, in256Folders: 8.5 } },
    })
    expect(text).to.contain('| Sessions in the store | 10 | 1,000 |')
    expect(text).to.contain('| read, file | 30.0 µs, 20,000/s (0.67) | 40.0 µs, 20,000/s (0.50) |')
    expect(text).to.contain('| 10 | 9.0 µs | 8.5 µs |')
    expect(text).to.contain('On a computer.')
  })

  it('match the page and the picture in the docs', () => {
    const page = readFileSync(PAGE, 'utf8')
    expect(page).to.equal(pageWith(page, readGrowth()))
    expect(readFileSync(PICTURE, 'utf8')).to.equal(growthPicture(readGrowth()))
  })

  it('are refused for a page without a place for them', () => {
    expect(() => pageWith('# Performance\n', growth())).to.throw('where the figures go')
  })

  it('go up to the limit', () => {
    const sizes = (most: number) => pointsOf({ parts: ['sessions'], most, stores: ['file'] }).map(({ size }) => size)
    expect(sizes(10_000)).to.deep.equal([10_000, 10_000])
    expect(sizes(10_000_000)).to.deep.equal([10_000, 10_000, 1_000_000, 1_000_000, 10_000_000, 10_000_000])
  })
})
