/** The list of hashed names, staticfiles.json, byte for byte as Django writes it. */
import { createHash } from 'node:crypto'
import { stringifyJson } from '#core/utils'

const VERSION = '1.1'

/** Python's order of texts: that of their code points. */
const byCodePoint = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

export function manifestText(names: ReadonlyMap<string, string>): string {
  const sorted = [...names].toSorted(byCodePoint).map((pair) => pair.map((name) => stringifyJson(name)))
  const pairs = `[${sorted.map((pair) => `[${pair.join(', ')}]`).join(', ')}]`
  const hash = createHash('md5').update(pairs).digest('hex').slice(0, 12)
  const paths = sorted.map((pair) => pair.join(': ')).join(', ')
  return `{"paths": {${paths}}, "version": "${VERSION}", "hash": "${hash}"}`
}

/** The names of a list; undefined where it is none that we know. */
export function readManifest(text: string): ReadonlyMap<string, string> | undefined {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof content !== 'object' || content === null) return undefined
  const { version, paths } = content as { version?: unknown; paths?: unknown }
  if (version !== '1.0' && version !== VERSION) return undefined
  if (typeof paths !== 'object' || paths === null) return undefined
  const names = Object.entries(paths)
  return names.every((pair): pair is [string, string] => typeof pair[1] === 'string') ? new Map(names) : undefined
}
