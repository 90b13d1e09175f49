/** Every engine on every service keeps every promise of a session engine. */
import { setup } from '#core/apps'
import { settings } from '#core/conf'
import { openSessionStore } from '#core/contrib/sessions'
import { callCommand } from '#core/management'
import { sessionEngineTests } from '#core/test'
import { inDatabase } from './database.ts'
import { places } from './places.ts'

const all = await places('sessions')

describe('sessions on services', () => {
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
      sessionEngineTests(place.name, () => openSessionStore())
    })
  }
})
