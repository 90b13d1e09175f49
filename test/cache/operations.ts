/** One call of each operation of a cache, by name. */
import type { Cache } from '#core/cache'

export const OPERATIONS: Readonly<Record<string, (cache: Cache) => Promise<unknown>>> = {
  get: (cache) => cache.get('key'),
  set: (cache) => cache.set('key', 1),
  add: (cache) => cache.add('key', 1),
  touch: (cache) => cache.touch('key'),
  delete: (cache) => cache.delete('key'),
  hasKey: (cache) => cache.hasKey('key'),
  getMany: (cache) => cache.getMany(['key', 'other']),
  setMany: (cache) => cache.setMany({ key: 1, other: 2 }),
  deleteMany: (cache) => cache.deleteMany(['key', 'other']),
  incr: (cache) => cache.incr('key'),
  gets: (cache) => cache.gets('key'),
  cas: (cache) => cache.cas('key', 1, '1'),
  'cas that deletes': (cache) => cache.cas('key', 1, '1', 0),
  clear: (cache) => cache.clear(),
}
