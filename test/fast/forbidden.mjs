/**
 * Replaces every export of the files in `fast/` directories by one that throws when it is called or created, so that a
 * test run with NUAGES_FAST_PATHS=off shows that the plain code needs none of them. Loaded by `node --import`.
 */
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const FAST = /\/core\/(?:.*\/)?fast\/[^/]+\.ts$/
const EXPORT = /^export (?:async )?(?:const|let|function\*?|(?:abstract )?class) (\w+)/gm

/** A hook of Node's module loader. */
export async function load(url, context, nextLoad) {
  const [address] = url.split('?')
  if (!FAST.test(address)) return nextLoad(url, context)
  const names = Array.from(readFileSync(fileURLToPath(address), 'utf8').matchAll(EXPORT), ([, name]) => name)
  const file = JSON.stringify(address.slice(address.lastIndexOf('/core/') + 1))
  const source = names.map(
    (name) => `export function ${name}() { throw new Error('${name} of ' + ${file} + ' is a fast path.') }`,
  )
  return { format: 'module', source: source.join('\n'), shortCircuit: true }
}

if (isMainThread) register(import.meta.url)
