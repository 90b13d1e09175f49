/** A user who logs in on one side of a site is logged in on both, until a logout or a new password on either. */
import { databases } from '../services.ts'
import { onEachSetup } from './beside.ts'
import { oneSite } from './logins.ts'
import { databaseEngine, onDatabase, setupsWithoutTable } from './shared_setups.ts'

const dbs = await databases('beside_logins')
const inTables = dbs.map((db) => onDatabase(db, `db on ${db.name}`, databaseEngine))

describe('logins shared with Django', () => {
  onEachSetup([...inTables, ...setupsWithoutTable(dbs[0] as never)], oneSite)
})
