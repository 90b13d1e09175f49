/** Every engine on every service keeps every promise of a session engine. */
import { setup } from '#core/apps'
import { settings } from '#core/conf'
import { openSessionStore } from '#core/contrib/sessions'
import { callCommand } from '#core/management'
import { sessionEngineTests } from '#core/test'
import { inDatabase } from './database.ts'
import { at, places } from './places.ts'

const all = await places('sessions')

describe('sessions on services', () => {
  before(() => setup())

  for (const place of all) {
    describe(place.name, () => {
      at(place)
      inDatabase(place.settings)
      before(async () => {
        if (settings.CACHES.default?.BACKEND.endsWith('DatabaseCache')) await callCommand('createcachetable')
      })
      sessionEngineTests(place.name, () => openSessionStore())
    })
  }
})
