/** A deadline: each work ends once, by its answer, by its error, or because it takes too long. */
import { expect } from 'chai'
import { Deadline } from '#core/concurrency'

const LONG = 60_000

describe('a deadline', () => {
  /** Works that somebody else ends. */
  function open<T>(): { work: Promise<T>; answer: (value: T) => void; fail: (error: Error) => void } {
    let answer!: (value: T) => void
    let fail!: (error: Error) => void
    const work = new Promise<T>((resolve, reject) => {
      answer = resolve
      fail = reject
    })
    return { work, answer, fail }
  }

  /** Follows a work and notes what is told of it. */
  function followed(deadline: Deadline, work: Promise<string>): { told: string[]; end: Promise<void> } {
    const told: string[] = []
    const end = new Promise<void>((resolve) => {
      const note = (what: string): void => {
        told.push(what)
        resolve()
      }
      deadline.follow(
        work,
        (answer) => note(`answered ${answer}`),
        (error) => note(`failed ${String(error)}`),
        () => note('late'),
      )
    })
    return { told, end }
  }

  it('lets an answer and an error through', async () => {
    const deadline = new Deadline(LONG)
    expect(await deadline.race(Promise.resolve(1), () => new Error('late'))).to.equal(1)
    const { work, fail } = open<string>()
    const { told, end } = followed(deadline, work)
    fail(new Error('no'))
    await end
    expect(told).to.deep.equal(['failed Error: no'])
  })

  it('gives up who takes too long, each by itself', async () => {
    const deadline = new Deadline(1)
    const silent = [open<string>(), open<string>()].map(({ work }) => followed(deadline, work))
    await Promise.all(silent.map(({ end }) => end))
    expect(silent.map(({ told }) => told)).to.deep.equal([['late'], ['late']])
  })

  it('tells nobody of an answer or an error that comes after that', async () => {
    const deadline = new Deadline(1)
    for (const tooLate of ['answer', 'fail'] as const) {
      const { work, answer, fail } = open<string>()
      const { told, end } = followed(deadline, work)
      await end
      if (tooLate === 'answer') answer('after all')
      else fail(new Error('after all'))
      await work.catch(() => {})
      expect(told).to.deep.equal(['late'])
    }
  })
})
