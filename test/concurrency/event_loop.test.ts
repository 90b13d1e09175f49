/** The end of a tick. */
import { expect } from 'chai'
import { flushTick, onTickEnd, tickEnd } from '#core/concurrency'

describe('the end of a tick', () => {
  it('comes after everything in this tick is done', async () => {
    const done: string[] = []
    const ended = tickEnd().then(() => done.push('end'))
    await Promise.resolve()
    done.push('a promise')
    process.nextTick(() => done.push('a tick'))
    await ended
    expect(done).to.deep.equal(['a promise', 'a tick', 'end'])
  })

  it('is one promise for all callers in the same tick, and another in the next', async () => {
    const first = tickEnd()
    expect(tickEnd()).to.equal(first)
    await first
    expect(tickEnd()).to.not.equal(first)
    await tickEnd()
  })

  it('comes early if it is flushed, but after all promise reactions', async () => {
    const done: string[] = []
    setImmediate(() => done.push('the next part of the loop'))
    const ended = tickEnd().then(() => done.push('end'))
    await Promise.resolve()
    flushTick()
    void (async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve()
      done.push('what follows')
    })()
    await ended
    expect(done).to.deep.equal(['what follows', 'end'])
  })

  it('comes once, early or not', async () => {
    let works = 0
    onTickEnd(() => works++)
    flushTick()
    flushTick()
    await new Promise((resolve) => setImmediate(resolve))
    expect(works).to.equal(1)
  })

  it('lets a callback add another one, for the next tick', async () => {
    const done: string[] = []
    await new Promise<void>((resolve) => {
      onTickEnd(() => {
        onTickEnd(() => {
          done.push('second')
          resolve()
        })
        done.push('first')
      })
    })
    expect(done).to.deep.equal(['first', 'second'])
  })
})
