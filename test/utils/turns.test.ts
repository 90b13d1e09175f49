/** The end of a turn of the event loop. */
import { expect } from 'chai'
import { endOfTurn } from '#core/utils'

describe('the end of a turn', () => {
  it('comes when everything of this turn is done', async () => {
    const done: string[] = []
    const ended = endOfTurn().then(() => done.push('end'))
    await Promise.resolve()
    done.push('a promise')
    process.nextTick(() => done.push('a tick'))
    await ended
    expect(done).to.deep.equal(['a promise', 'a tick', 'end'])
  })

  it('is one for all who ask in the same turn, and another in the next', async () => {
    const first = endOfTurn()
    expect(endOfTurn()).to.equal(first)
    await first
    expect(endOfTurn()).to.not.equal(first)
    await endOfTurn()
  })
})
