/** Keyv's own public test suite on our stores, which are all storage adapters for Keyv. */
import { keyvApiTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite'
import { expect } from 'chai'
import { Keyv } from 'keyv'
import { setup } from '#core/apps'
import type { CacheStore } from '#core/cache'
import { backends, inDatabase, onEachBackend } from './backends.ts'

/** The parts of Jest's `expect` that the suite uses. */
const jestExpect = (value: unknown) => ({
  toBe: (other: unknown) => expect(value).to.equal(other),
  toEqual: (other: unknown) => expect(value).to.deep.equal(other),
  toBeTruthy: () => expect(Boolean(value)).to.equal(true),
  toBeFalsy: () => expect(Boolean(value)).to.equal(false),
  toBeUndefined: () => expect(value).to.equal(undefined),
  toBeDefined: () => expect(value).to.not.equal(undefined),
  toBeNull: () => expect(value).to.equal(null),
})

/** Its `clear()` empties one namespace. Ours empties the whole store, as Django's does. */
const NOT_OURS = ['namespaced clear only clears current namespace']

type Body = (context: { expect: typeof jestExpect }) => unknown

const taken: string[] = []
const left: string[] = []

/** Mocha with the interface that the suite expects of Vitest. */
function vitestOver(run: <T>(work: () => Promise<T>) => Promise<T>) {
  const wrapped = (body: Body) => () => run(async () => body({ expect: jestExpect }))
  return {
    beforeEach: (body: Body) => beforeEach(wrapped(body)),
    afterEach: (body: Body) => afterEach(wrapped(body)),
    it(title: string, body: Body) {
      if (NOT_OURS.includes(title)) {
        left.push(title)
        return
      }
      taken.push(title)
      it(title, wrapped(body))
    },
  }
}

/** Without its types, which are Vitest's. */
type Suite = (test: ReturnType<typeof vitestOver>, keyv: typeof Keyv, store: () => CacheStore) => void

const SUITES = [keyvApiTests, keyvValueTests, keyvNamespaceTest] as readonly Suite[]

const all = await backends('keyv')

describe("Keyv's suite", () => {
  before(() => setup())

  onEachBackend(all, (on) => {
    const open: CacheStore[] = []
    const running = new Set<Promise<unknown>>()
    /** A store that tracks pending calls, because some tests do not await what they start. */
    const store = (): CacheStore => {
      const made = on.store()
      open.push(made)
      return new Proxy(made, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          return (...parameters: unknown[]) => {
            const result: unknown = Reflect.apply(value, target, parameters)
            if (result instanceof Promise) running.add(result)
            return result
          }
        },
      })
    }
    const run = <T>(work: () => Promise<T>): Promise<T> =>
      inDatabase(on.database, async () => {
        try {
          return await work()
        } finally {
          await new Promise((resolve) => setImmediate(resolve))
          await Promise.allSettled(running)
          running.clear()
          for (const each of open.splice(0)) await each.disconnect()
        }
      })

    const vitest = vitestOver(run)
    for (const suite of SUITES) {
      describe(suite.name, () => suite(vitest, Keyv, store))
    }
  })

  it('passes completely, except for what differs by design', () => {
    expect(taken.length).to.be.greaterThan(35 * all.length)
    expect(left).to.have.length(all.length)
  })
})
