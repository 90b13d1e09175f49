/** Caches: sequences of operations, some of them concurrent, on every backend. */
import * as fc from 'fast-check'
import { Cache } from '#core/cache'
import { fastPaths, setClock } from '#core/utils'
import { enterScope } from '../../suite_scope.ts'
import { type Backend, backends, inDatabase } from '../../cache/backends.ts'
import { outcome, type Runner, type Scenario, START } from '../scenario.ts'

const KEYS = ['a', 'b', 'c', 'a key with spaces', 'ü'.repeat(200)]

type Operation =
  | {
      readonly do: 'set' | 'add' | 'getOrSet'
      readonly key: number
      readonly value: unknown
      readonly timeout: Timeout
    }
  | { readonly do: 'get' | 'gets' | 'delete' | 'hasKey'; readonly key: number }
  | { readonly do: 'incr'; readonly key: number; readonly delta: number }
  | { readonly do: 'touch'; readonly key: number; readonly timeout: Timeout }
  | {
      readonly do: 'cas'
      readonly key: number
      readonly value: unknown
      readonly timeout: Timeout
      readonly stale: boolean
    }
  | { readonly do: 'getMany' | 'deleteMany'; readonly keys: readonly number[] }
  | { readonly do: 'setMany'; readonly values: readonly (readonly [number, unknown])[] }
  | { readonly do: 'incrVersion'; readonly key: number }
  | { readonly do: 'clear' }

/** Seconds. None is so short that it could be over while the test runs. */
type Timeout = number | null | undefined

interface Step {
  /** Started together, on different keys. */
  readonly operations: readonly Operation[]
  readonly wait: number
}

const key = fc.nat(KEYS.length - 1)
const keys = fc.uniqueArray(key, { maxLength: 5 })
const timeout = fc.constantFrom<Timeout[]>(undefined, null, 1000, 100_000, 0, -1)
const value = fc.oneof(
  fc.constantFrom<unknown[]>(0, 1, -5, 'text', '5', null, true, 1.5, '\x00ü€'),
  fc.jsonValue({ maxDepth: 2 }),
)

const alone = fc.oneof<fc.Arbitrary<Operation>[]>(
  fc.record({ do: fc.constantFrom('set', 'set', 'add', 'getOrSet'), key, value, timeout }),
  fc.record({ do: fc.constantFrom('get', 'gets', 'delete', 'hasKey'), key }),
  fc.record({ do: fc.constant('incr'), key, delta: fc.constantFrom(1, 5, -2, 2 ** 52, 0.5) }),
  fc.record({ do: fc.constant('touch'), key, timeout }),
  fc.record({ do: fc.constant('cas'), key, value, timeout, stale: fc.boolean() }),
  fc.record({ do: fc.constantFrom('getMany', 'deleteMany'), keys }),
  fc.record({ do: fc.constant('setMany'), values: fc.array(fc.tuple(key, value), { maxLength: 4 }) }),
  fc.record({ do: fc.constant('incrVersion'), key }),
  fc.constant({ do: 'clear' }),
)

/** Operations that are batched, each on a key of its own, so that the order in which they arrive does not matter. */
const together = keys.chain((each) =>
  fc.tuple(
    ...each.map((one) =>
      fc.oneof<fc.Arbitrary<Operation>[]>(
        fc.record({ do: fc.constant('gets'), key: fc.constant(one) }),
        fc.record({ do: fc.constant('cas'), key: fc.constant(one), value, timeout, stale: fc.boolean() }),
      ),
    ),
  ),
)

const step: fc.Arbitrary<Step> = fc.record({
  operations: fc.oneof(
    alone.map((each) => [each]),
    together,
  ),
  wait: fc.constantFrom(0, 0, 0, 2000),
})

const nameOf = (index: number): string => KEYS[index] as string

/** Runs the steps of one input. Each key has a token, from the last time it was read. */
class Run {
  readonly #cache: Cache
  readonly #tokens = new Map<number, string>()
  readonly #staleTokens = new Map<number, string>()

  constructor(cache: Cache) {
    this.#cache = cache
  }

  // oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive
  async take(each: Operation): Promise<unknown> {
    const cache = this.#cache
    switch (each.do) {
      case 'set':
      case 'add':
      case 'getOrSet':
        return cache[each.do](nameOf(each.key), each.value, each.timeout)
      case 'get':
        return cache.get(nameOf(each.key), 'nothing')
      case 'delete':
      case 'hasKey':
        return cache[each.do](nameOf(each.key))
      case 'gets':
        return this.#gets(each.key)
      case 'cas': {
        const token = (each.stale ? this.#staleTokens : this.#tokens).get(each.key) ?? '1'
        return cache.cas(nameOf(each.key), each.value, token, each.timeout)
      }
      case 'incr':
        return cache.incr(nameOf(each.key), each.delta)
      case 'touch':
        return cache.touch(nameOf(each.key), each.timeout)
      case 'incrVersion':
        return cache.incrVersion(nameOf(each.key))
      case 'getMany':
        return cache.getMany(each.keys.map(nameOf))
      case 'deleteMany':
        return cache.deleteMany(each.keys.map(nameOf))
      case 'setMany':
        return cache.setMany(Object.fromEntries(each.values.map(([index, one]) => [nameOf(index), one])))
      case 'clear':
        return cache.clear()
    }
  }

  /** The value; its token is a number of the server's, or the stored text. */
  async #gets(index: number): Promise<unknown> {
    const { getsSync } = this.#cache
    const found = getsSync === undefined ? await this.#cache.gets(nameOf(index)) : getsSync(nameOf(index))
    const before = this.#tokens.get(index)
    if (before !== undefined) this.#staleTokens.set(index, before)
    if (found === undefined) this.#tokens.delete(index)
    else this.#tokens.set(index, found.token)
    return found === undefined ? 'nothing' : { value: found.value, isSame: found.token === before }
  }

  /** All that is stored in the end. */
  stored(): Promise<unknown> {
    return Promise.all([undefined, 2].map((version) => this.#cache.getMany(KEYS, version)))
  }
}

/** JSON has no big integers. */
const writable = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

async function opened(backend: Backend): Promise<Runner<readonly Step[]>> {
  await backend.begin()
  const leave = await enterScope((inside) => inDatabase(backend.database, inside))
  await backend.store().clear()
  let runs = 0
  return {
    async run(steps) {
      // Both modes share the servers. Prefixes of equal length make equal messages.
      const keyPrefix = `${fastPaths ? 'fast' : 'slow'}${runs++}`
      const cache = new Cache(backend.store(), { keyPrefix })
      const run = new Run(cache)
      const results: unknown[] = []
      let seconds = 0
      for (const { operations, wait } of steps) {
        if (backend.agesByOurClock) seconds += wait
        setClock({ now: () => START + seconds * 1000 })
        results.push(await Promise.all(operations.map((each) => outcome(() => run.take(each)))))
      }
      results.push(await run.stored())
      await cache.close()
      return JSON.parse(JSON.stringify(results, writable).replaceAll(keyPrefix, 'prefix')) as unknown
    },
    async close() {
      await leave()
      await backend.end()
    },
  }
}

export const cacheScenario: Scenario<readonly Step[]> = {
  name: 'cache',
  arbitrary: fc.array(step, { minLength: 1, maxLength: 15 }),
  runs: 40,
  targets: () => backends('fast'),
  async open(target) {
    const backend = (await backends('fast')).find(({ name }) => name === target)
    if (backend === undefined) throw new Error(`There is no backend '${target}'.`)
    return opened(backend)
  },
}
