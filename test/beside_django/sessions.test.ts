/** Sessions in tables, files and cookies are the same for a live Django and for us, whichever side wrote them. */
import { databases } from '../services.ts'
import { onEachPlace } from './beside.ts'
import { bothWays } from './both_ways.ts'
import { databasePlaces, placesWithoutTable } from './places.ts'

const dbs = await databases('beside_sessions')

describe('sessions beside a live Django', () => {
  onEachPlace([...databasePlaces(dbs), ...placesWithoutTable(dbs[0] as never)], bothWays)
})
