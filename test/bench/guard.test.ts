/** A request that has become a fifth more work is seen, without a clock. */
import path from 'node:path'
import { expect } from 'chai'
import { complaints, countAll, GUARDED, improvements, NODE, readNotes } from '../../bench/regression_guard.ts'
import { nameOf, type Target, targetNamed } from '../../bench/targets.ts'
import { skipTest } from '../services.ts'

const WASTEFUL: Target = {
  stack: 'wasteful',
  server: path.join(import.meta.dirname, 'fixtures', 'wasteful.ts'),
  work: 'hello',
}

/** The chain, a session that is read, a session that is written: one of each, or the test would take as long as the guard. */
const SOME = ['nuages, chain of seven hello db-sqlite', 'nuages read db-sqlite', 'nuages counter signed_cookies']

describe('what a request takes', function () {
  this.timeout(120_000)

  it('is no more than a fifth above what was noted down', async function () {
    const notes = readNotes()
    if (notes.node !== NODE) {
      skipTest(this, `bench/guard.json has the figures of Node ${notes.node}.`)
    }
    const now = await countAll(SOME.map(targetNamed), 100)
    expect(Object.keys(now)).to.deep.equal(SOME)
    expect(complaints(now, notes.requests)).to.deep.equal([])
  })

  it('is counted to the loop and to the array', async () => {
    const figures = (await countAll([WASTEFUL], 100))[nameOf(WASTEFUL)]
    // 500 turns and 200; 200 arrays of 32 × 8 bytes and a few of their own.
    expect(figures?.steps).to.be.within(690, 740)
    expect(figures?.bytes).to.be.within(200 * 32 * 8, 200 * 32 * 8 * 1.5)
  })

  it('is noted down for everything that is guarded', () => {
    expect(Object.keys(readNotes().requests).toSorted()).to.deep.equal(GUARDED.map(nameOf).toSorted())
  })
})

describe('the guard', () => {
  const noted = { 'nuages read file': { bytes: 1000, steps: 100 } }

  it('complains of more than a fifth, of bytes and of steps', () => {
    expect(complaints({ 'nuages read file': { bytes: 1200, steps: 120 } }, noted)).to.deep.equal([])
    expect(complaints({ 'nuages read file': { bytes: 1210, steps: 121 } }, noted)).to.deep.equal([
      'nuages read file: a request takes 1210 bytes, 21 % more than the 1000 noted down.',
      'nuages read file: a request takes 121 steps, 21 % more than the 100 noted down.',
    ])
  })

  it('tells what has become so much better that it should be noted', () => {
    expect(improvements({ 'nuages read file': { bytes: 1000, steps: 79 } }, noted)).to.deep.equal(['nuages read file'])
    expect(improvements({ 'nuages read file': { bytes: 801, steps: 81 } }, noted)).to.deep.equal([])
  })

  it('complains of what was never noted down', () => {
    expect(complaints({ 'nuages read db-mysql': { bytes: 1, steps: 1 } }, noted)).to.deep.equal([
      'nuages read db-mysql was never noted down. Run: npm run bench:guard -- --update',
    ])
  })
})
