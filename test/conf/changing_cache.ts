/** A cache backend that changes what it gets, as many drivers do. */
import type { BackendOptions } from '#core/cache'
import { DummyCache } from '../../core/cache/backends/dummy.ts'

export class ChangingCache extends DummyCache {
  static given: BackendOptions | undefined
  constructor(given: BackendOptions) {
    super(given)
    const { options, location } = given as { options: { nodes: { host?: string }[] }; location: string[] }
    for (const node of options.nodes) node.host = 'changed'
    options.nodes.push({})
    location.push('another')
    ChangingCache.given = given
  }
}
