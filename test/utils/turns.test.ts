/** The end of a turn of the event loop. */
import { expect } from 'chai'
import { flushTick, onTickEnd, tickEnd } from '#core/concurrency'

describe('the end of a turn', () => {
  it('comes when everything of this turn is done', async () => {
    const done: string[] = []
    const ended = tickEnd().then(() => done.push('end'))
    await Promise.resolve()
    done.push('a promise')
    process.nextTick(() => done.push('a tick'))
    await ended
    expect(done).to.deep.equal(['a promise', 'a tick', 'end'])
  })

  it('is one for all who ask in the same turn, and another in the next', async () => {
    const first = tickEnd()
    expect(tickEnd()).to.equal(first)
    await first
    expect(tickEnd()).to.not.equal(first)
    await tickEnd()
  })

  it('comes early where somebody ends the turn, but after all that follows from what came', async () => {
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

  it('lets a work that is due begin another one, for the next turn', async () => {
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
