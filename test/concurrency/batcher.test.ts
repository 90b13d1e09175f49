/** What waits to be done goes together, and everybody gets an answer of his own. */
import { expect } from 'chai'
import { Batcher, type BatcherOptions, type JobResult, tickEnd } from '#core/concurrency'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A gatherer of texts whose groups are answered when the test says so. */
function gathering(options: Partial<BatcherOptions<string, string>> = {}) {
  const groups: { jobs: readonly string[]; answer: () => void; fail: (error: unknown) => void }[] = []
  const gatherer = new Batcher<string, string>({
    maxConcurrentBatches: 1,
    maxBatchSize: 10,
    isBatchError: () => false,
    runBatch: (jobs) =>
      new Promise<JobResult<string>[]>((resolve, reject) => {
        groups.push({
          jobs,
          answer: () => resolve(jobs.map((job) => ({ answer: job.toUpperCase() }))),
          fail: reject,
        })
      }),
    ...options,
  })
  return { gatherer, groups }
}

describe('a gatherer', () => {
  it('sends together what comes in one turn of the event loop', async () => {
    const { gatherer, groups } = gathering()
    const answers = Promise.all(['a', 'b', 'c'].map((job) => gatherer.do(job)))
    await nextTurn()
    expect(groups.map(({ jobs }) => jobs)).to.deep.equal([['a', 'b', 'c']])
    groups[0]?.answer()
    expect(await answers).to.deep.equal(['A', 'B', 'C'])
  })

  it('keeps what comes later until a slot is free', async () => {
    const { gatherer, groups } = gathering()
    const first = gatherer.do('a')
    await nextTurn()
    const later = ['b', 'c'].map((job) => gatherer.do(job))
    await nextTurn()
    expect(groups).to.have.length(1)
    groups[0]?.answer()
    await first
    await nextTurn()
    await nextTurn()
    expect(groups[1]?.jobs).to.deep.equal(['b', 'c'])
    groups[1]?.answer()
    expect(await Promise.all(later)).to.deep.equal(['B', 'C'])
  })

  it('uses as many slots as it has', async () => {
    const { gatherer, groups } = gathering({ maxConcurrentBatches: 2 })
    void gatherer.do('a')
    await nextTurn()
    void gatherer.do('b')
    await nextTurn()
    void gatherer.do('c')
    await nextTurn()
    expect(groups.map(({ jobs }) => jobs)).to.deep.equal([['a'], ['b']])
  })

  it('sends no more at once than it may', async () => {
    const { gatherer, groups } = gathering({ maxBatchSize: 2, maxConcurrentBatches: 2 })
    for (const job of ['a', 'b', 'c', 'd', 'e']) void gatherer.do(job)
    await nextTurn()
    await nextTurn()
    await nextTurn()
    expect(groups.map(({ jobs }) => jobs)).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('keeps a small group while a larger one is on its way', async () => {
    const { gatherer, groups } = gathering({ maxConcurrentBatches: 2 })
    for (const job of ['a', 'b']) void gatherer.do(job)
    await nextTurn()
    void gatherer.do('c')
    await nextTurn()
    expect(groups).to.have.length(1)
    void gatherer.do('d')
    await nextTurn()
    expect(groups[1]?.jobs).to.deep.equal(['c', 'd'])
  })

  it('sends a small group as soon as the larger one is done', async () => {
    const { gatherer, groups } = gathering({ maxConcurrentBatches: 2 })
    const large = ['a', 'b'].map((job) => gatherer.do(job))
    await nextTurn()
    void gatherer.do('c')
    groups[0]?.answer()
    await Promise.all(large)
    await nextTurn()
    expect(groups[1]?.jobs).to.deep.equal(['c'])
  })

  it('keeps nobody for long because of a group that hangs', async () => {
    const { gatherer, groups } = gathering({ maxConcurrentBatches: 2 })
    for (const job of ['a', 'b']) void gatherer.do(job)
    await nextTurn()
    const small = gatherer.do('c')
    while (groups.length < 2) await nextTurn()
    groups[1]?.answer()
    expect(await small).to.equal('C')
    // Nor the next one.
    const next = gatherer.do('d')
    while (groups.length < 3) await nextTurn()
    groups[2]?.answer()
    expect(await next).to.equal('D')
    // What hung is not counted twice when it is done after all.
    groups[0]?.answer()
    await nextTurn()
    for (const job of ['e', 'f']) void gatherer.do(job)
    await nextTurn()
    void gatherer.do('g')
    await nextTurn()
    expect(groups).to.have.length(4)
  })

  it('never sends two jobs of one key together', async () => {
    const { gatherer, groups } = gathering({ keyOf: (job) => job.charAt(0) })
    const answers = Promise.all(['a1', 'a2', 'b1', 'a3'].map((job) => gatherer.do(job)))
    for (let i = 0; i < 3; i++) {
      await nextTurn()
      groups[i]?.answer()
      await nextTurn()
    }
    expect(groups.map(({ jobs }) => jobs)).to.deep.equal([['a1', 'b1'], ['a2'], ['a3']])
    expect(await answers).to.deep.equal(['A1', 'A2', 'B1', 'A3'])
  })

  it('gives each the error that is its alone', async () => {
    const gatherer = new Batcher<string, string>({
      maxConcurrentBatches: 1,
      maxBatchSize: 10,
      isBatchError: () => false,
      runBatch: async (jobs) => jobs.map((job) => (job === 'bad' ? { error: new Error('refused') } : { answer: job })),
    })
    const settled = await Promise.allSettled(['good', 'bad', 'fine'].map((job) => gatherer.do(job)))
    expect(settled.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('does each by itself where the group was refused, so that a bad one fails alone', async () => {
    const tried: (readonly string[])[] = []
    const gatherer = new Batcher<string, string>({
      maxConcurrentBatches: 1,
      maxBatchSize: 10,
      isBatchError: () => false,
      runBatch: async (jobs) => {
        tried.push(jobs)
        if (jobs.includes('bad')) throw new Error('refused')
        return jobs.map((job) => ({ answer: job }))
      },
    })
    const settled = await Promise.allSettled(['good', 'bad', 'fine'].map((job) => gatherer.do(job)))
    expect(settled.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
    expect(tried).to.deep.equal([['good', 'bad', 'fine'], ['good'], ['bad'], ['fine']])
  })

  it('tries nothing again where the error is everybody’s: what was sent may have been done', async () => {
    const { gatherer, groups } = gathering({ isBatchError: () => true })
    const settled = Promise.allSettled(['a', 'b'].map((job) => gatherer.do(job)))
    await nextTurn()
    groups[0]?.fail(new Error('the connection is gone'))
    expect((await settled).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    await nextTurn()
    expect(groups).to.have.length(1)
  })

  it('goes on after an error', async () => {
    const { gatherer, groups } = gathering({ isBatchError: () => true })
    const failed = gatherer.do('a').catch(() => 'failed')
    await nextTurn()
    groups[0]?.fail(new Error('the connection is gone'))
    expect(await failed).to.equal('failed')
    const later = gatherer.do('b')
    await nextTurn()
    groups[1]?.answer()
    expect(await later).to.equal('B')
  })

  /** What comes first when a group is answered: the next turn, or what follows from the answer. */
  async function orderOf(options: Partial<BatcherOptions<string, string>>): Promise<string[]> {
    const { gatherer, groups } = gathering(options)
    const order: string[] = []
    const left = gatherer.do('a').then(async (answer) => {
      const other = gatherer.do('b').then(() => order.push('another group'))
      await tickEnd()
      order.push(answer)
      return other
    })
    await nextTurn()
    const turned = nextTurn().then(() => order.push('next turn'))
    groups[0]?.answer()
    await turned
    while (groups.length < 2) await nextTurn()
    groups[1]?.answer()
    await left
    return order
  }

  it('lets what follows from its answers leave at once, before whatever else the turn brings', async () => {
    expect(await orderOf({})).to.deep.equal(['A', 'next turn', 'another group'])
  })

  it('lets it leave with the next turn where nobody else had a hand in the work', async () => {
    expect(await orderOf({ isLocal: true })).to.deep.equal(['next turn', 'A', 'another group'])
  })

  it('sends at once what follows from its answers, where a small group is cheap', async () => {
    const { gatherer, groups } = gathering({ flushEarly: true })
    const done = gatherer.do('a').then(() => Promise.all(['b', 'c'].map((job) => gatherer.do(job))))
    await nextTurn()
    let turns = 0
    void nextTurn().then(() => turns++)
    groups[0]?.answer()
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => process.nextTick(resolve))
    expect([turns, groups[1]?.jobs]).to.deep.equal([0, ['b', 'c']])
    groups[1]?.answer()
    await done
  })
})
