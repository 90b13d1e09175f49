/** The limit on Redis: GET and SET with the client library alone. */
import { createClient } from '@redis/client'
import { AGE, limitWith, type TextsIn } from './limit.ts'

export const textsIn: TextsIn = async ({ location }) => {
  // The default timeout would create a signal and a timer for each command.
  const redis = createClient({ url: location, commandOptions: { timeout: 0 } })
  redis.on('error', (error: Error) => process.stderr.write(`${error.message}\n`))
  await redis.connect()
  const keep = (key: string, text: string) => redis.set(key, text, { expiration: { type: 'EX', value: AGE } })
  return { load: async (key) => (await redis.get(key)) ?? undefined, create: keep, save: keep }
}

export default limitWith(textsIn)
