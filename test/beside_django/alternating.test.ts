/** A Django process and a Nuages process alternate on one session in a database. */
import { databases } from '../services.ts'
import { onEachSetup } from './beside.ts'
import { databaseEngine, onDatabase } from './shared_setups.ts'
import { takeTurns } from './alternating.ts'

const dbs = await databases('beside_turns')

describe('one session alternating with Django', () => {
  onEachSetup(
    dbs.map((db) => onDatabase(db, `db on ${db.name}`, databaseEngine)),
    takeTurns,
  )
})
