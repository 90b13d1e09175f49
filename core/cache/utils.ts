/** Keys of the fragments that templates cache. */
import { createHash } from 'node:crypto'

/** A value as Python's str() writes it, for a key that Django makes, too. */
function written(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'string' ? value : `${value as number | bigint}`
}

/** The key of a cached fragment: its name, and the MD5 of what it varies on. */
export function makeTemplateFragmentKey(name: string, varyOn: Iterable<unknown> = []): string {
  const hash = createHash('md5')
  for (const each of varyOn) hash.update(`${written(each)}:`)
  return `template.cache.${name}.${hash.digest('hex')}`
}
