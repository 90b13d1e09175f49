/**
 * Fast paths change nothing but time: the same random input runs in a process with fast paths and in one without, and
 * what they return and store is compared. FAST_PATHS_SEED sets another seed, FAST_PATHS_RUNS multiplies the inputs.
 */
import { deepStrictEqual } from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { requireService } from '../services.ts'
import type { AnyScenario } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'
import type { Reply, Request } from './worker.ts'

const SEED = Number(process.env.FAST_PATHS_SEED ?? 20_250_612)
const FACTOR = Number(process.env.FAST_PATHS_RUNS ?? 1)

/** Known before the tests, which are listed by them. */
const targets = new Map(await Promise.all(scenarios.map(async (each) => [each, await each.targets()] as const)))

/** A process in one mode, which does one thing after the other. */
class Worker {
  readonly #process: ChildProcess
  #receive: (reply: Reply) => void = () => {}

  constructor(mode: 'on' | 'off') {
    this.#process = fork(path.join(import.meta.dirname, 'worker.ts'), {
      env: { ...process.env, NUAGES_FAST_PATHS: mode },
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
    })
    this.#process.on('message', (reply: Reply) => this.#receive(reply))
    this.#process.on('exit', (code) => this.#receive({ failure: `The process ended with ${String(code)}.` }))
  }

  /** Without a request, waits until the process is ready. */
  ask(request?: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#receive = (reply) => {
        if ('failure' in reply) reject(new Error(reply.failure))
        else resolve(reply.result)
      }
      if (request !== undefined) this.#process.send(request)
    })
  }

  stop(): void {
    this.#process.kill()
  }
}

describe('with and without fast paths', function () {
  this.timeout(600_000)

  let fast: Worker
  let plain: Worker

  before(async () => {
    fast = new Worker('on')
    plain = new Worker('off')
    await Promise.all([fast.ask(), plain.ask()])
  })

  after(() => {
    for (const each of [fast, plain]) each?.stop()
  })

  /** What both give for an input. One after the other, because they share servers that an input may clear. */
  async function both(request: Request): Promise<readonly [unknown, unknown]> {
    return [await fast.ask(request), await plain.ask(request)]
  }

  async function compare(scenario: AnyScenario): Promise<void> {
    let seed = SEED
    const property = fc.asyncProperty(scenario.arbitrary, async (input) => {
      const [withFastPaths, without] = await both({ run: input, seed: seed++ })
      // Unlike that of chai, its message shows where they differ.
      deepStrictEqual(withFastPaths, without)
    })
    await fc.assert(property, { seed: SEED, numRuns: scenario.runs * FACTOR, endOnFailure: false })
  }

  for (const scenario of scenarios) {
    describe(`${scenario.name} are the same`, () => {
      for (const target of targets.get(scenario) ?? []) {
        it(target.name, async function () {
          requireService(target, this)
          // Otherwise the comparison would be of a mode with itself.
          expect(await both({ open: scenario.name, target: target.name })).to.deep.equal([true, false])
          try {
            await compare(scenario)
          } finally {
            await both({ close: true })
          }
        })
      }
    })
  }
})
