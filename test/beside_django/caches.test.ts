/** Sessions in caches are the same for a live Django and for us: the pickles of one side are read by the other. */
import { databases } from '../services.ts'
import { onEachPlace } from './beside.ts'
import { bothWays } from './both_ways.ts'
import { cacheValues } from './cache_values.ts'
import { oneSite } from './logins.ts'
import { cachePlaces, databaseCachePlaces } from './places.ts'
import { takeTurns } from './turns.ts'

const [sqlite, ...others] = await databases('beside_caches')

const places = [...(await cachePlaces(sqlite as never)), ...databaseCachePlaces(others)]

describe('sessions in caches beside a live Django', () => {
  onEachPlace(places, (beside, place) => {
    bothWays(beside, place)
    oneSite(beside, place)
    if (place.name.includes('Redis, as Django 4')) takeTurns(beside)
    if (!place.hasRows) cacheValues(beside)
  })
})
