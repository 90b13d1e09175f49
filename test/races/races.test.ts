/** No update is lost between processes: two of them write to one session concurrently, on every engine and service. */
import { setup } from '#core/apps'
import { sessionRaceTests } from '#core/test'
import { useMigratedSetup, engineSetups } from '../contrib/sessions/engine_setups.ts'

/** `npm run races` runs as many as for the figures in the docs. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 5)

const all = (await engineSetups('races')).filter(({ isShared }) => isShared)

describe('races between two processes', function () {
  this.timeout(600_000)
  before(() => setup())

  for (const setup of all) {
    describe(setup.name, () => {
      useMigratedSetup(setup)

      sessionRaceTests(setup.name, setup.settings, { rounds: ROUNDS, counts: ROUNDS >= 200 ? 1000 : 100 })
    })
  }
})
