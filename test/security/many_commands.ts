/** Many concurrent commands on a fake server that sometimes responds wrongly: each gets its own result or an error. */
import { expect } from 'chai'
import { array, assert, asyncProperty, constantFrom, integer, nat, record } from 'fast-check'
import type { Cache } from '#core/cache'

export interface Disturbance {
  /** The response to the command with this number, from 0; undefined for the right one. */
  readonly faultAt: (index: number) => string | undefined
  /** Splits a response. */
  readonly cut: (response: string) => string[]
}

export interface ManyCommands<Kind extends string> {
  /** For each kind of command: runs the one with this number, and returns whether its result is its own. */
  readonly commands: Readonly<Record<Kind, (cache: Cache, index: number) => Promise<boolean>>>
  readonly faults: readonly string[]
  /** The maximum number of concurrent commands. */
  readonly most: number
  readonly numRuns: number
  /** Whether an error is an allowed result of a wrong response. */
  readonly isExpected: (error: unknown) => boolean
  /** Prepares a server and the values that the commands read from it. */
  begin(kinds: readonly Kind[], disturbance: Disturbance): Promise<Cache>
  end?(cache: Cache): Promise<void>
}

/** In chunks of these sizes, repeatedly. */
const cutInto =
  (sizes: readonly number[]) =>
  (response: string): string[] => {
    const pieces: string[] = []
    for (let i = 0, from = 0; from < response.length; i++) {
      const size = sizes[i % sizes.length] as number
      pieces.push(response.slice(from, from + size))
      from += size
    }
    return pieces
  }

export function expectOwnResults<Kind extends string>(given: ManyCommands<Kind>): Promise<void> {
  const { commands, faults, most, numRuns, isExpected } = given
  const kinds = array(constantFrom(...(Object.keys(commands) as Kind[])), { minLength: 1, maxLength: most })
  const wrong = array(record({ at: nat(most + 10), fault: constantFrom(...faults) }), { maxLength: 3 })
  const sizes = array(integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 })
  return assert(
    asyncProperty(kinds, wrong, sizes, async (chosen, spoiled, lengths) => {
      const cache = await given.begin(chosen, {
        faultAt: (index) => spoiled.find(({ at }) => at === index)?.fault,
        cut: cutInto(lengths),
      })
      const results = await Promise.all(chosen.map((kind, i) => commands[kind](cache, i).catch(isExpected)))
      await given.end?.(cache)
      expect(results).to.deep.equal(chosen.map(() => true))
    }),
    { numRuns },
  )
}
