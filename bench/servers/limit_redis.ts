/** The limit on Redis: GET and SET of the bare client. */
import { createClient } from '@redis/client'
import type { Listener, ServerOptions } from '../server.ts'
import { AGE, limitOf } from './limit.ts'

export default async ({ location }: ServerOptions): Promise<Listener> => {
  const redis = createClient({ url: location })
  redis.on('error', (error: Error) => process.stderr.write(`${error.message}\n`))
  await redis.connect()
  const keep = (key: string, text: string) => redis.set(key, text, { expiration: { type: 'EX', value: AGE } })
  return limitOf({ load: async (key) => (await redis.get(key)) ?? undefined, create: keep, save: keep })
}
