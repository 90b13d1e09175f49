/** Keys, file names, warnings, parameters and timeouts of caches, as in Django. */
import { expect } from 'chai'
import { Cache, makeTemplateFragmentKey } from '#core/cache'
import { setClock } from '#core/utils'
import { cacheFileName } from '../../core/cache/backends/filebased.ts'
import { LocMemCache } from '../../core/cache/backends/locmem.ts'
import { keyWarnings } from '../../core/cache/keys.ts'
import { type CacheEntry, cacheNumbers } from '../../core/cache/parameters.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: keyof typeof OPS
  readonly key: string
  readonly key_prefix: string
  readonly version: number
  readonly final_key: string
  readonly name: string
  readonly vary_on: readonly unknown[] | null
  readonly timeout: number | null | 'default'
  readonly default: number
  readonly now: number
  readonly params: CacheEntry
}

const cacheOf = (keyPrefix: string, version: number): Cache =>
  new Cache(new LocMemCache({ location: 'vectors', options: {} }), { keyPrefix, version })

const fullKey = ({ key, key_prefix, version }: Input): string => cacheOf(key_prefix, version).makeKey(key)

/** Whether a value set at `now` exists at a later moment, in seconds. */
async function isThereAt(moment: number, { timeout, default: fallback, now }: Input): Promise<boolean> {
  const cache = new Cache(new LocMemCache({ location: 'vectors', options: {} }), { timeout: fallback })
  setClock({ now: () => now * 1000 })
  await cache.set('key', 1, timeout === 'default' ? undefined : timeout)
  setClock({ now: () => moment * 1000 })
  return cache.hasKey('key')
}

const OPS = {
  make_key: (input: Input) => ({ key: fullKey(input) }),
  filebased_name: (input: Input) => ({ file: cacheFileName(fullKey(input)) }),
  key_warnings: ({ final_key }: Input) => ({ warnings: keyWarnings(final_key) }),
  fragment_key: ({ name, vary_on }: Input) => ({ key: makeTemplateFragmentKey(name, vary_on ?? []) }),
  params({ params }: Input) {
    const { timeout, maxEntries, cullFrequency, keyPrefix, version } = cacheNumbers(params)
    const culling = { max_entries: maxEntries, cull_frequency: cullFrequency }
    return { default_timeout: timeout, ...culling, key_prefix: keyPrefix, version }
  },
  timeout: () => undefined,
}

describe('vectors: cache_keys', () => {
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input>('cache_keys')) {
    if (input.op !== 'timeout') {
      it(name, () => expect(OPS[input.op](input)).to.deep.equal(expected))
      continue
    }
    it(name, async () => {
      const end = expected.expires_at as number | null
      // A value that is expired from the start was never stored.
      if (end === null) expect(await isThereAt(input.now + 1e10, input)).to.equal(true)
      else expect(await isThereAt(Math.max(end, input.now), input)).to.equal(false)
      if (end !== null && end > input.now) expect(await isThereAt(end - 0.001, input)).to.equal(true)
    })
  }
})
