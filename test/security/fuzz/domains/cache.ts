/** Cache keys and values from a client, in each backend that needs no server. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { caches, InvalidCacheKey, InvalidCacheValue } from '#core/cache'
import { callCommand } from '#core/management'
import { type AnyDomain, allowingAsync, domain, ensure } from '../domain.ts'
import { holdSettings } from '../active_settings.ts'
import { hostile, jsonish } from '../strings.ts'

const BACKENDS = ['locmem.LocMemCache', 'filebased.FileBasedCache', 'db.DatabaseCache', 'dummy.DummyCache']
const ALIASES = ['locmem', 'filebased', 'db', 'dummy']

/** The caches of all backends, with their own directory and database. */
async function openCaches(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nuages-fuzz-'))
  const entries = ALIASES.map((alias, i) => {
    const LOCATION = alias === 'filebased' ? path.join(folder, 'cache') : `fuzz_${alias}`
    return [alias, { BACKEND: `core.cache.backends.${BACKENDS[i]}`, LOCATION, OPTIONS: { MAX_ENTRIES: 300 } }] as const
  })
  const close = await holdSettings({
    CACHES: { default: { BACKEND: 'core.cache.backends.dummy.DummyCache' }, ...Object.fromEntries(entries) },
    DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' } },
  })
  await callCommand('createcachetable', { stdout: { write() {} }, stderr: { write() {} } })
  return async () => {
    await close()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Entry {
  readonly alias: string
  readonly key: string
  readonly value: unknown
  readonly version: number
}

async function store({ alias, key, value, version }: Entry): Promise<void> {
  const cache = caches[alias]
  ensure(cache !== undefined, `there is no cache ${alias}`)
  if (cache === undefined) return
  const isStored = await allowingAsync([InvalidCacheKey, InvalidCacheValue], async () => {
    await cache.set(key, value, 60, version)
    return true
  })
  const read = await allowingAsync([InvalidCacheKey], () => cache.get(key, undefined, version))
  if (isStored && alias !== 'dummy') ensure(isDeepStrictEqual(read, value), 'the value is another after a round trip')
  await allowingAsync([InvalidCacheKey], () => cache.delete(key, version))
}

export const cacheDomains: readonly AnyDomain[] = [
  domain<Entry>({
    name: 'cache-keys',
    kind: 'in process',
    inputs: { short: 500, long: 100_000 },
    open: openCaches,
    fixedMs: 50,
    arbitrary: fc.record({
      alias: fc.constantFrom(...ALIASES),
      key: hostile({ words: [' ', '\r\n', '\0', '/', '..', ':1:', 'é'], longest: 20_000 }),
      value: jsonish,
      version: fc.constantFrom(1, 2),
    }),
    check: store,
  }),
]
