/** The limit in the process: a Map. */
import type { Listener } from '../server.ts'
import { limitOf } from './limit.ts'

export default (): Listener => {
  const texts = new Map<string, string>()
  const keep = (key: string, text: string) => texts.set(key, text)
  return limitOf({ load: (key) => texts.get(key), create: keep, save: keep })
}
