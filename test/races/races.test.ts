/** No update is lost between processes: two of them write to one session at once, on every engine and service. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { settings } from '#core/conf'
import { callCommand } from '#core/management'
import { inDatabase } from '../contrib/sessions/database.ts'
import { places } from '../contrib/sessions/places.ts'
import { raceForKeys, raceToCount, withWorkers } from './race.ts'

/** `npm run races` runs as many as the figures in the docs are of. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 5)
const COUNTS = ROUNDS >= 200 ? 1000 : 100
const WRITERS = 20
const PROCESSES = 2

const all = (await places('races')).filter(({ isShared }) => isShared)

describe('races between two processes', function () {
  this.timeout(600_000)
  before(() => setup())

  for (const place of all) {
    describe(place.name, () => {
      before(async function () {
        if (place.reason !== '') {
          if (process.env.CI === 'true') throw new Error(place.reason)
          process.stdout.write(`    not run: ${place.reason}\n`)
          this.skip()
        }
        await place.prepare()
      })
      after(async () => {
        if (place.reason === '') await place.leave()
      })
      inDatabase(place.settings)
      before(async () => {
        if (settings.CACHES.default?.BACKEND.endsWith('DatabaseCache')) await callCommand('createcachetable')
      })

      it('every write is kept, and every count counts', () =>
        withWorkers(PROCESSES, place.settings, async (workers) => {
          const started = performance.now()
          const keys = await raceForKeys(workers, ROUNDS, WRITERS)
          const counted = await raceToCount(workers, COUNTS)
          const seconds = ((performance.now() - started) / 1000).toFixed(1)
          process.stdout.write(
            `        kept ${keys.kept} of ${keys.of} writes, counted ${counted.kept} of ${counted.of}, in ${seconds} s\n`,
          )
          expect(keys.kept).to.equal(keys.of)
          expect(counted.kept).to.equal(counted.of)
        }))
    })
  }
})
