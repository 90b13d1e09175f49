/** Batches the reads that concurrent requests send to one memcached server: `gets` of many keys. */
import { Batcher } from '#core/concurrency'
import type { Item, MemcachedConnection } from '../memcached_client.ts'
import { KEYS_PER_COMMAND, retrieval } from '../memcached_commands.ts'
import type { ReconnectingClient } from '../reconnecting_client.ts'

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
