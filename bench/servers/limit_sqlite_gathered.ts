/** The limit on SQLite with batching: the saves of one tick are one transaction. */
import { gathered } from './gathered.ts'
import { limitWith, type TextsIn } from './limit.ts'
import { openSqlite } from './limit_sqlite.ts'

export const textsIn: TextsIn = (options) => {
  const { db, load, create, save } = openSqlite(options)
  const inOneTransaction = db.transaction((jobs: readonly (() => unknown)[]) => jobs.map((job) => job()))
  const together = gathered(inOneTransaction, 1)
  return {
    load,
    create: (key, text) => together(() => create(key, text)),
    save: (key, text) => together(() => save(key, text)),
  }
}

export default limitWith(textsIn)
