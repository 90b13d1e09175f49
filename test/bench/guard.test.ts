/** Detects a request that takes a fifth more work, without a clock. */
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

/** The chain, a session that is read, a session that is written. One of each, to be faster than the guard itself. */
const SOME = ['nuages, chain of seven hello db-sqlite', 'nuages read db-sqlite', 'nuages counter signed_cookies']

describe('the work of a request', function () {
  this.timeout(120_000)

  it('is at most a fifth above the recorded figure', async function () {
    const notes = readNotes()
    if (notes.node !== NODE) {
      skipTest(this, `bench/guard.json has the figures of Node ${notes.node}.`)
    }
    const now = await countAll(SOME.map(targetNamed), 100)
    expect(Object.keys(now)).to.deep.equal(SOME)
    expect(complaints(now, notes.requests)).to.deep.equal([])
  })

  it('is counted exactly for the loop and for the array', async () => {
    const figures = (await countAll([WASTEFUL], 100))[nameOf(WASTEFUL)]
    // 500 iterations and 200; 200 arrays of 32 × 8 bytes and their headers.
    expect(figures?.steps).to.be.within(690, 740)
    expect(figures?.bytes).to.be.within(200 * 32 * 8, 200 * 32 * 8 * 1.5)
  })

  it('is recorded for everything that is guarded', () => {
    expect(Object.keys(readNotes().requests).toSorted()).to.deep.equal(GUARDED.map(nameOf).toSorted())
  })
})

describe('the guard', () => {
  const noted = { 'nuages read file': { bytes: 1000, steps: 100 } }

  it('reports an increase of more than a fifth, in bytes and steps', () => {
    expect(complaints({ 'nuages read file': { bytes: 1200, steps: 120 } }, noted)).to.deep.equal([])
    expect(complaints({ 'nuages read file': { bytes: 1210, steps: 121 } }, noted)).to.deep.equal([
      'nuages read file: a request takes 1210 bytes, 21 % more than the 1000 noted down.',
      'nuages read file: a request takes 121 steps, 21 % more than the 100 noted down.',
    ])
  })

  it('reports an improvement that should be recorded', () => {
    expect(improvements({ 'nuages read file': { bytes: 1000, steps: 79 } }, noted)).to.deep.equal(['nuages read file'])
    expect(improvements({ 'nuages read file': { bytes: 801, steps: 81 } }, noted)).to.deep.equal([])
  })

  it('reports a missing record', () => {
    expect(complaints({ 'nuages read db-mysql': { bytes: 1, steps: 1 } }, noted)).to.deep.equal([
      'nuages read db-mysql was never noted down. Run: npm run bench:guard -- --update',
    ])
  })
})
