/** No update is lost between processes: two of them write to one session at once, on every engine and service. */
import { setup } from '#core/apps'
import { sessionRaceTests } from '#core/test'
import { inPlace, places } from '../contrib/sessions/places.ts'

/** `npm run races` runs as many as the figures in the docs are of. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 5)

const all = (await places('races')).filter(({ isShared }) => isShared)

describe('races between two processes', function () {
  this.timeout(600_000)
  before(() => setup())

  for (const place of all) {
    describe(place.name, () => {
      inPlace(place)

      sessionRaceTests(place.name, place.settings, { rounds: ROUNDS, counts: ROUNDS >= 200 ? 1000 : 100 })
    })
  }
})
