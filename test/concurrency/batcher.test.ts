/** Concurrent jobs are sent as one batch, and each gets its own result. */
import { expect } from 'chai'
import { Batcher, type BatcherOptions, type JobResult, tickEnd } from '#core/concurrency'

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A batcher of strings whose batches the test finishes. */
function batching(options: Partial<BatcherOptions<string, string>> = {}) {
  const batches: { jobs: readonly string[]; finish: () => void; fail: (error: unknown) => void }[] = []
  const batcher = new Batcher<string, string>({
    maxConcurrentBatches: 1,
    maxBatchSize: 10,
    isBatchError: () => false,
    runBatch: (jobs) =>
      new Promise<JobResult<string>[]>((resolve, reject) => {
        batches.push({
          jobs,
          finish: () => resolve(jobs.map((job) => ({ answer: job.toUpperCase() }))),
          fail: reject,
        })
      }),
    ...options,
  })
  return { batcher, batches }
}

describe('Batcher', () => {
  it('sends together what is added in one tick', async () => {
    const { batcher, batches } = batching()
    const results = Promise.all(['a', 'b', 'c'].map((job) => batcher.do(job)))
    await nextTick()
    expect(batches.map(({ jobs }) => jobs)).to.deep.equal([['a', 'b', 'c']])
    batches[0]?.finish()
    expect(await results).to.deep.equal(['A', 'B', 'C'])
  })

  it('holds later jobs until a slot is free', async () => {
    const { batcher, batches } = batching()
    const first = batcher.do('a')
    await nextTick()
    const later = ['b', 'c'].map((job) => batcher.do(job))
    await nextTick()
    expect(batches).to.have.length(1)
    batches[0]?.finish()
    await first
    await nextTick()
    await nextTick()
    expect(batches[1]?.jobs).to.deep.equal(['b', 'c'])
    batches[1]?.finish()
    expect(await Promise.all(later)).to.deep.equal(['B', 'C'])
  })

  it('uses as many slots as it has', async () => {
    const { batcher, batches } = batching({ maxConcurrentBatches: 2 })
    void batcher.do('a')
    await nextTick()
    void batcher.do('b')
    await nextTick()
    void batcher.do('c')
    await nextTick()
    expect(batches.map(({ jobs }) => jobs)).to.deep.equal([['a'], ['b']])
  })

  it('sends no more jobs in a batch than allowed', async () => {
    const { batcher, batches } = batching({ maxBatchSize: 2, maxConcurrentBatches: 2 })
    for (const job of ['a', 'b', 'c', 'd', 'e']) void batcher.do(job)
    await nextTick()
    await nextTick()
    await nextTick()
    expect(batches.map(({ jobs }) => jobs)).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('holds a small batch while a larger one is in flight', async () => {
    const { batcher, batches } = batching({ maxConcurrentBatches: 2 })
    for (const job of ['a', 'b']) void batcher.do(job)
    await nextTick()
    void batcher.do('c')
    await nextTick()
    expect(batches).to.have.length(1)
    void batcher.do('d')
    await nextTick()
    expect(batches[1]?.jobs).to.deep.equal(['c', 'd'])
  })

  it('sends a small batch as soon as the larger one is done', async () => {
    const { batcher, batches } = batching({ maxConcurrentBatches: 2 })
    const large = ['a', 'b'].map((job) => batcher.do(job))
    await nextTick()
    void batcher.do('c')
    batches[0]?.finish()
    await Promise.all(large)
    await nextTick()
    expect(batches[1]?.jobs).to.deep.equal(['c'])
  })

  it('does not hold jobs for long because of a batch that hangs', async () => {
    const { batcher, batches } = batching({ maxConcurrentBatches: 2 })
    for (const job of ['a', 'b']) void batcher.do(job)
    await nextTick()
    const small = batcher.do('c')
    while (batches.length < 2) await nextTick()
    batches[1]?.finish()
    expect(await small).to.equal('C')
    // Nor the next one.
    const next = batcher.do('d')
    while (batches.length < 3) await nextTick()
    batches[2]?.finish()
    expect(await next).to.equal('D')
    // A batch that hung is not counted twice when it finishes after all.
    batches[0]?.finish()
    await nextTick()
    for (const job of ['e', 'f']) void batcher.do(job)
    await nextTick()
    void batcher.do('g')
    await nextTick()
    expect(batches).to.have.length(4)
  })

  it('never sends two jobs with the same key together', async () => {
    const { batcher, batches } = batching({ keyOf: (job) => job.charAt(0) })
    const results = Promise.all(['a1', 'a2', 'b1', 'a3'].map((job) => batcher.do(job)))
    for (let i = 0; i < 3; i++) {
      await nextTick()
      batches[i]?.finish()
      await nextTick()
    }
    expect(batches.map(({ jobs }) => jobs)).to.deep.equal([['a1', 'b1'], ['a2'], ['a3']])
    expect(await results).to.deep.equal(['A1', 'A2', 'B1', 'A3'])
  })

  it('gives each job its own error', async () => {
    const batcher = new Batcher<string, string>({
      maxConcurrentBatches: 1,
      maxBatchSize: 10,
      isBatchError: () => false,
      runBatch: async (jobs) => jobs.map((job) => (job === 'bad' ? { error: new Error('refused') } : { answer: job })),
    })
    const settled = await Promise.allSettled(['good', 'bad', 'fine'].map((job) => batcher.do(job)))
    expect(settled.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('retries jobs one by one after a refused batch, so that only the bad one fails', async () => {
    const tried: (readonly string[])[] = []
    const batcher = new Batcher<string, string>({
      maxConcurrentBatches: 1,
      maxBatchSize: 10,
      isBatchError: () => false,
      runBatch: async (jobs) => {
        tried.push(jobs)
        if (jobs.includes('bad')) throw new Error('refused')
        return jobs.map((job) => ({ answer: job }))
      },
    })
    const settled = await Promise.allSettled(['good', 'bad', 'fine'].map((job) => batcher.do(job)))
    expect(settled.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
    expect(tried).to.deep.equal([['good', 'bad', 'fine'], ['good'], ['bad'], ['fine']])
  })

  it('does not retry when the error fails the whole batch, because the jobs may have been done', async () => {
    const { batcher, batches } = batching({ isBatchError: () => true })
    const settled = Promise.allSettled(['a', 'b'].map((job) => batcher.do(job)))
    await nextTick()
    batches[0]?.fail(new Error('the connection is gone'))
    expect((await settled).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    await nextTick()
    expect(batches).to.have.length(1)
  })

  it('continues after an error', async () => {
    const { batcher, batches } = batching({ isBatchError: () => true })
    const failed = batcher.do('a').catch(() => 'failed')
    await nextTick()
    batches[0]?.fail(new Error('the connection is gone'))
    expect(await failed).to.equal('failed')
    const later = batcher.do('b')
    await nextTick()
    batches[1]?.finish()
    expect(await later).to.equal('B')
  })

  /** Which comes first after a batch is done: the next tick, or the jobs that follow from its results. */
  async function orderOf(options: Partial<BatcherOptions<string, string>>): Promise<string[]> {
    const { batcher, batches } = batching(options)
    const order: string[] = []
    const left = batcher.do('a').then(async (result) => {
      const other = batcher.do('b').then(() => order.push('another batch'))
      await tickEnd()
      order.push(result)
      return other
    })
    await nextTick()
    const turned = nextTick().then(() => order.push('next tick'))
    batches[0]?.finish()
    await turned
    while (batches.length < 2) await nextTick()
    batches[1]?.finish()
    await left
    return order
  }

  it('sends the jobs that follow from its results before the other work of the tick', async () => {
    expect(await orderOf({})).to.deep.equal(['A', 'next tick', 'another batch'])
  })

  it('sends them with the next tick if nothing else was involved in the work', async () => {
    expect(await orderOf({ isLocal: true })).to.deep.equal(['next tick', 'A', 'another batch'])
  })

  it('sends the jobs that follow from its results immediately if small batches are cheap', async () => {
    const { batcher, batches } = batching({ flushEarly: true })
    const done = batcher.do('a').then(() => Promise.all(['b', 'c'].map((job) => batcher.do(job))))
    await nextTick()
    let ticks = 0
    void nextTick().then(() => ticks++)
    batches[0]?.finish()
    for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => process.nextTick(resolve))
    expect([ticks, batches[1]?.jobs]).to.deep.equal([0, ['b', 'c']])
    batches[1]?.finish()
    await done
  })
})
