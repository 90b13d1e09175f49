/** Sessions in tables, files and cookies are the same for Django and Nuages, whichever side wrote them. */
import { databases } from '../services.ts'
import { onEachSetup } from './beside.ts'
import { bothWays } from './content.ts'
import { databaseSetups, setupsWithoutTable } from './shared_setups.ts'

const dbs = await databases('beside_sessions')

describe('sessions shared with Django', () => {
  onEachSetup([...databaseSetups(dbs), ...setupsWithoutTable(dbs[0] as never)], bothWays)
})
