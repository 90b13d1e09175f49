/** A measurement is a result only if the responses were right. */
import path from 'node:path'
import { expect } from 'chai'
import { GENERATORS } from '../../bench/load/index.ts'
import { type Measurement, measure, withServer } from '../../bench/measure.ts'
import { isInstalled } from '../../bench/processes.ts'
import { ServerProcess } from '../../bench/server_process.ts'
import { openStore, Unavailable } from '../../bench/stores.ts'
import { FLOOR, type Target, targetNamed } from '../../bench/targets.ts'
import { requireService, skipTest } from '../services.ts'
import { canBeListed, descendantsOf, isAlive, NO_PROCESS_LIST } from './descendants.ts'
import { refusal } from './refusal.ts'

const fixture = (name: string): Target => ({
  stack: name,
  server: path.join(import.meta.dirname, 'fixtures', `${name}.ts`),
  work: 'counter',
})

const BY_HAND: Target = { stack: 'koa', server: 'servers/limit_koa.ts', work: 'counter', store: 'memory' }

for (const [name, generator] of Object.entries(GENERATORS)) {
  describe(`a measurement with ${name}`, function () {
    this.timeout(60_000)

    before(function () {
      requireService({ available: name !== 'wrk' || isInstalled(name), reason: 'wrk is not installed.' }, this)
    })

    const short = (target: Target): Promise<Measurement> => measure(target, { seconds: 0.3, generator })

    it('has figures of all kinds and no errors when the responses are right', async () => {
      const { problems, kept, ...figures } = await short(BY_HAND)
      expect(problems).to.deep.equal([])
      expect(kept).to.equal(1)
      expect(figures).to.have.all.keys('requestsPerSecond', 'cpu', 'p50', 'p99', 'memory')
      // autocannon counts latency in whole milliseconds, and a fast response takes less than half of one.
      const { p50, ...others } = figures
      expect(p50).to.be.at.least(0)
      for (const value of Object.values(others)) expect(value).to.be.greaterThan(0)
    })

    it('reports how many requests were not counted, and that some were refused', async () => {
      const { problems, kept } = await short(fixture('forgetful'))
      expect(kept).to.be.within(0.85, 0.95)
      expect(problems.join(' ')).to.match(/The counters went up by \d+ for \d+ requests\./)
      expect(problems.join(' ')).to.match(/\d+ of \d+ answers had another status than 200\./)
    })
  })
}

describe('a measurement', function () {
  this.timeout(60_000)

  it('reports that clients share a session', async () => {
    const { problems } = await measure(fixture('stranger'), { seconds: 0.3 })
    expect(problems.join(' ')).to.contain('640 visitors got only 1 sessions.')
  })

  it('measures the rate of a bare server in alternating rounds', async () => {
    const { floor, problems } = await withServer(FLOOR, (bare) => measure(BY_HAND, { seconds: 1.2, floor: bare }))
    expect(problems).to.deep.equal([])
    expect(floor?.requestsPerSecond).to.be.greaterThan(0)
    expect(floor?.cpu).to.be.greaterThan(0)
  })

  it('reports why a server did not start', async () => {
    const error = await refusal(measure(fixture('broken'), { seconds: 0.3 }))
    expect(error).to.be.instanceOf(Unavailable)
    expect(error.message).to.equal('There is no bread in the house.')
  })

  it('leaves no server behind', async () => {
    const server = await ServerProcess.start(BY_HAND, await openStore(undefined))
    const pid = server.pid as number
    await server.stop()
    expect(() => process.kill(pid, 0)).to.throw('ESRCH')
    expect((await refusal(server.usage())).message).to.contain('The server ended.')
  })
})

describe('a measurement of Django', function () {
  this.timeout(60_000)

  const DJANGO = targetNamed('django counter file')

  /** Runs `body`, or skips the test if gunicorn or Django is not installed. */
  async function where(test: Mocha.Context, body: () => Promise<void>): Promise<void> {
    try {
      await body()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      requireService({ available: false, reason: error.message.split('\n')[0] as string }, test)
    }
  }

  it('counts its requests, its responses and its work', function () {
    return where(this, async () => {
      const { problems, kept, cpu, memory } = await measure(DJANGO, { seconds: 0.3 })
      expect(problems).to.deep.equal([])
      expect(kept).to.equal(1)
      expect(cpu).to.be.greaterThan(0)
      expect(memory).to.be.greaterThan(0)
    })
  })

  it('leaves no process behind', function () {
    if (!canBeListed) skipTest(this, NO_PROCESS_LIST)
    return where(this, async () => {
      let processes: number[] = []
      await withServer(DJANGO, async ({ pid = 0 }) => {
        processes = descendantsOf(pid)
      })
      expect(processes.length).to.be.at.least(2)
      expect(processes.filter(isAlive)).to.deep.equal([])
    })
  })
})
