/** A deadline settles each task once: by its result, by its error, or because it takes too long. */
import { expect } from 'chai'
import { Deadline } from '#core/concurrency'

const LONG = 60_000

describe('Deadline', () => {
  /** Tasks that the test settles. */
  function open<T>(): { work: Promise<T>; succeed: (value: T) => void; fail: (error: Error) => void } {
    let succeed!: (value: T) => void
    let fail!: (error: Error) => void
    const work = new Promise<T>((resolve, reject) => {
      succeed = resolve
      fail = reject
    })
    return { work, succeed, fail }
  }

  /** Follows a task and records how it was settled. */
  function followed(deadline: Deadline, work: Promise<string>): { log: string[]; end: Promise<void> } {
    const log: string[] = []
    const end = new Promise<void>((resolve) => {
      const note = (what: string): void => {
        log.push(what)
        resolve()
      }
      deadline.follow(
        work,
        (result) => note(`returned ${result}`),
        (error) => note(`failed ${String(error)}`),
        () => note('late'),
      )
    })
    return { log, end }
  }

  it('passes a result and an error through', async () => {
    const deadline = new Deadline(LONG)
    expect(await deadline.race(Promise.resolve(1), () => new Error('late'))).to.equal(1)
    const { work, fail } = open<string>()
    const { log, end } = followed(deadline, work)
    fail(new Error('no'))
    await end
    expect(log).to.deep.equal(['failed Error: no'])
  })

  it('fails each task that takes too long, separately', async () => {
    const deadline = new Deadline(1)
    const silent = [open<string>(), open<string>()].map(({ work }) => followed(deadline, work))
    await Promise.all(silent.map(({ end }) => end))
    expect(silent.map(({ log }) => log)).to.deep.equal([['late'], ['late']])
  })

  it('ignores a result or an error after that', async () => {
    const deadline = new Deadline(1)
    for (const tooLate of ['succeed', 'fail'] as const) {
      const { work, succeed, fail } = open<string>()
      const { log, end } = followed(deadline, work)
      await end
      if (tooLate === 'succeed') succeed('after all')
      else fail(new Error('after all'))
      await work.catch(() => {})
      expect(log).to.deep.equal(['late'])
    }
  })
})
