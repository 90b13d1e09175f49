/** A Django process and a Nuages process take turns on one session in a database. */
import { databases } from '../services.ts'
import { onEachPlace } from './beside.ts'
import { databaseEngine, onDatabase } from './places.ts'
import { takeTurns } from './turns.ts'

const dbs = await databases('beside_turns')

describe('one session by turns with a live Django', () => {
  onEachPlace(
    dbs.map((db) => onDatabase(db, `db on ${db.name}`, databaseEngine)),
    takeTurns,
  )
})
