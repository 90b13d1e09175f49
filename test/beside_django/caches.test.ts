/** Sessions in caches are the same for Django and Nuages: each side reads the pickles of the other. */
import { databases } from '../services.ts'
import { onEachSetup } from './beside.ts'
import { bothWays } from './content.ts'
import { cacheValues } from './cache_values.ts'
import { oneSite } from './logins.ts'
import { cacheSetups, databaseCacheSetups } from './shared_setups.ts'
import { takeTurns } from './alternating.ts'

const [sqlite, ...others] = await databases('beside_caches')

const setups = [...(await cacheSetups(sqlite as never)), ...databaseCacheSetups(others)]

describe('sessions in caches, shared with Django', () => {
  onEachSetup(setups, (beside, setup) => {
    bothWays(beside, setup)
    oneSite(beside, setup)
    if (setup.name.includes('Redis, as Django 4')) takeTurns(beside)
    if (!setup.hasRows) cacheValues(beside)
  })
})
