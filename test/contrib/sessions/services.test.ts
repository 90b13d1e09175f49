/** Runs the contract tests of session engines on every engine with every service. */
import { setup } from '#core/apps'
import { openSessionStore } from '#core/contrib/sessions'
import { sessionEngineTests } from '#core/test'
import { useMigratedSetup, engineSetups } from './engine_setups.ts'

const all = await engineSetups('sessions')

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
