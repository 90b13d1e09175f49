/** What is still to be migrated. */
import { connections } from '../connections.ts'
import { loadMigrations } from './loader.ts'
import { appliedMigrations } from './recorder.ts'

/** The migrations that a database lacks, as `app.name`, in order. Creates neither a table nor a database. */
export async function unappliedMigrations(alias = 'default'): Promise<string[]> {
  const graph = await loadMigrations()
  const applied = await appliedMigrations(connections.database(alias))
  return graph.all().flatMap(({ key }) => (applied.has(key) ? [] : [key]))
}
