/** Runs the contract tests of session engines on every engine with every service. */
import { setup } from '#core/apps'
import { openSessionStore } from '#core/contrib/sessions'
import { sessionEngineTests } from '#core/test'
import { useMigratedSetup, engineSetups } from './engine_setups.ts'

const all = await engineSetups('sessions')

describe('sessions on services', () => {
  before(() => setup())

  for (const engine of all) {
    describe(engine.name, () => {
      useMigratedSetup(engine)
      // Redis and Memcached have clocks of their own.
      sessionEngineTests(engine.name, () => openSessionStore(), {
        followsClock: !/on (Redis|Memcached)/.test(engine.name),
      })
    })
  }
})
