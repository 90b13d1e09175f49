/** Who logs in on one side of a site is logged in on both, until a logout or a new password on either. */
import { databases } from '../services.ts'
import { onEachPlace } from './beside.ts'
import { oneSite } from './logins.ts'
import { databaseEngine, onDatabase, placesWithoutTable } from './places.ts'

const dbs = await databases('beside_logins')
const inTables = dbs.map((db) => onDatabase(db, `db on ${db.name}`, databaseEngine))

describe('logins beside a live Django', () => {
  onEachPlace([...inTables, ...placesWithoutTable(dbs[0] as never)], oneSite)
})
