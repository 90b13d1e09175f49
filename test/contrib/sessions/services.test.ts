/** Every engine on every service keeps every promise of a session engine. */
import { setup } from '#core/apps'
import { openSessionStore } from '#core/contrib/sessions'
import { sessionEngineTests } from '#core/test'
import { inPlace, places } from './places.ts'

const all = await places('sessions')

describe('sessions on services', () => {
  before(() => setup())

  for (const place of all) {
    describe(place.name, () => {
      inPlace(place)
      // Redis and Memcached have clocks of their own.
      sessionEngineTests(place.name, () => openSessionStore(), {
        followsClock: !/on (Redis|Memcached)/.test(place.name),
      })
    })
  }
})
