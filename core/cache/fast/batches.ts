/**
 * Batches the reads, and the compare-and-sets of Redis, that concurrent requests send to one cache server.
 *
 * Redis: reads as MGET, compare-and-sets as one script. Memcached: `gets` of many keys. A batch has at most 100 keys, and
 * two batches of a kind may be in flight.
 */
import { Batcher, type JobResult } from '#core/concurrency'
import type { Item, MemcachedConnection } from '../memcached_client.ts'
import { KEYS_PER_COMMAND, retrieval } from '../memcached_commands.ts'
import type { ReconnectingClient } from '../reconnecting_client.ts'
import {
  type Argument,
  type Comparison,
  isBulkString,
  isListOf,
  isResult,
  isString,
  px,
  received,
  sent,
  type Shape,
  type TokenedEntries,
} from '../redis_commands.ts'
import { type CasResult, ownToken, type StoredValue } from '../store.ts'

/**
 * COMPARE_AND_SET for each of KEYS, with three of ARGV for each; an empty time to live is none. Returns a result for each,
 * or the message of its error: one that fails does not stop the others.
 */
const COMPARE_AND_SET_EACH = `
local results = {}
for i, key in ipairs(KEYS) do
  local token, value, life = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local stored = redis.pcall('GET', key)
  if type(stored) == 'table' then results[i] = stored.err
  elseif not stored then results[i] = 'missing'
  elseif stored ~= token then results[i] = 'changed'
  else
    local done
    if life == '' then done = redis.pcall('SET', key, value) else done = redis.pcall('SET', key, value, 'PX', life) end
    results[i] = done.err or 'stored'
  end
end
return results`

const LIMITS = { maxConcurrentBatches: 2, maxBatchSize: 100, isBatchError: () => true }

/** Sends a command that names several keys. */
type Send = <Reply>(firstKey: string, args: readonly Argument[], fits: Shape<Reply>) => Promise<Reply>

export class BatchedEntries implements TokenedEntries {
  readonly #single: TokenedEntries
  readonly #send: Send
  readonly #reads = new Batcher<string, StoredValue | undefined>({
    ...LIMITS,
    runBatch: (keys) => this.#readAll(keys),
  })
  readonly #comparisons = new Batcher<Comparison, CasResult>({
    ...LIMITS,
    flushEarly: true,
    keyOf: ({ key }) => key,
    runBatch: (all) => this.#compareAll(all),
  })

  /** @param single runs what is alone in its batch */
  constructor(single: TokenedEntries, send: Send) {
    this.#single = single
    this.#send = send
  }

  get(key: string): Promise<StoredValue | undefined> {
    return this.#reads.do(key)
  }

  compareAndSet(comparison: Comparison): Promise<CasResult> {
    return this.#comparisons.do(comparison)
  }

  async #readAll(keys: readonly string[]): Promise<JobResult<StoredValue | undefined>[]> {
    const [first = ''] = keys
    if (keys.length === 1) return [{ answer: await this.#single.get(first) }]
    const replies = await this.#send(first, ['MGET', ...keys], isListOf(keys.length, isBulkString))
    return replies.map((reply) => ({ answer: ownToken(received(reply)) }))
  }

  async #compareAll(all: readonly Comparison[]): Promise<JobResult<CasResult>[]> {
    if (all.length === 1) return [{ answer: await this.#single.compareAndSet(all[0] as Comparison) }]
    const keys = all.map(({ key }) => key)
    const values = all.flatMap(({ token, stored, ttl }) => [sent(token), sent(stored), px(ttl)[0] ?? ''])
    const command = ['EVAL', COMPARE_AND_SET_EACH, String(keys.length), ...keys, ...values]
    const results = await this.#send(keys[0] as string, command, isListOf(keys.length, isString))
    return Promise.all(results.map((result, i) => this.#outcome(result, all[i] as Comparison)))
  }

  /** A comparison that failed had no effect. It is repeated alone, so that its error is thrown as an error of Redis. */
  async #outcome(result: string, comparison: Comparison): Promise<JobResult<CasResult>> {
    if (isResult(result)) return { answer: result }
    return this.#single.compareAndSet(comparison).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
  }
}

/** Reads an item with its cas unique. */
export function batchedGets(
  client: ReconnectingClient<MemcachedConnection>,
): (key: string) => Promise<Item | undefined> {
  const reads = new Batcher<string, Item | undefined>({
    maxConcurrentBatches: 2,
    maxBatchSize: KEYS_PER_COMMAND,
    isBatchError: () => true,
    runBatch: async (keys) => {
      const command = retrieval('gets', ...keys)
      const items = await client.run((connection) => connection.items(command), true)
      return keys.map((key) => ({ answer: items.get(key) }))
    },
  })
  return (key) => reads.do(key)
}
