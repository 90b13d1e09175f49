/** Finds the backend of a database's ENGINE, and classifies the errors of all engines. */
import { loadedFromSettings, loadNamed, type Requirement, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { canonicalName } from '#core/utils'
import type { DatabaseBackend } from './backend.ts'
import { backend as mysql } from './backends/mysql.ts'
import { backend as postgresql } from './backends/postgresql.ts'
import { backend as sqlite3 } from './backends/sqlite3.ts'

const builtIn: ReadonlyMap<string, DatabaseBackend> = new Map([
  ['core.db.backends.sqlite3', sqlite3],
  ['core.db.backends.postgresql', postgresql],
  ['core.db.backends.mysql', mysql],
])

export const builtInBackends: readonly DatabaseBackend[] = [...builtIn.values()]

const BACKEND: Requirement<DatabaseBackend> = {
  expected: 'a DatabaseBackend',
  accepts: (value): value is DatabaseBackend =>
    typeof (value as Partial<DatabaseBackend> | null | undefined)?.configure === 'function',
}

/** Backends by ENGINE, or the error of loading one, which is thrown when the database is used. */
type LoadedBackends = ReadonlyMap<string, DatabaseBackend | ImproperlyConfigured>

const ownBackends = loadedFromSettings('DATABASES', async (): Promise<LoadedBackends> => {
  const found = new Map<string, DatabaseBackend | ImproperlyConfigured>()
  for (const [alias, { ENGINE }] of Object.entries(settings.DATABASES)) {
    if (builtIn.has(canonicalName(ENGINE))) continue
    const problem = (error: unknown): ImproperlyConfigured => {
      if (error instanceof ImproperlyConfigured) return error
      throw error
    }
    found.set(
      ENGINE,
      await loadNamed(`DATABASES['${alias}'].ENGINE`, ENGINE, BACKEND, { exportName: 'backend' }).catch(problem),
    )
  }
  return found
})

/** @throws ImproperlyConfigured if the module of the engine cannot be loaded, or `setup()` has not been called */
export function backendNamed(engine: string): DatabaseBackend {
  const backend = builtIn.get(canonicalName(engine)) ?? ownBackends().get(engine)
  if (backend instanceof ImproperlyConfigured) throw backend
  if (backend === undefined) throw new ImproperlyConfigured(`No entry of DATABASES has the ENGINE '${engine}'.`)
  return backend
}

/** An error and its causes. */
function* chain(error: unknown): Generator {
  for (let each = error; each !== undefined && each !== null; each = (each as { cause?: unknown }).cause) yield each
}

const some = (error: unknown, holds: (error: unknown) => boolean): boolean => [...chain(error)].some(holds)

/** Whether a row was refused because another one has its key. */
export const isUniqueViolation = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isUniqueViolation(each)))

/** The names of the columns, or the name of the index, of a unique violation; undefined for any other error. */
export function violatedKey(error: unknown): string | undefined {
  for (const each of chain(error)) {
    const backend = builtInBackends.find((candidate) => candidate.isUniqueViolation(each))
    if (backend !== undefined) return backend.violatedKey(each)
  }
  return undefined
}

/** Codes of PostgreSQL and MySQL. SQLite has no limits. */
const TOO_LONG = ['22001', 'ER_DATA_TOO_LONG']

/** Whether a row was refused because a string is longer than its column. */
export const isTooLong = (error: unknown): boolean =>
  some(error, (each) => TOO_LONG.includes(String((each as { code?: unknown }).code)))

/** Whether the database was unreachable, refused the connection or was too busy, so that a later attempt may succeed. */
export const isConnectionError = (error: unknown): boolean =>
  some(error, (each) => builtInBackends.some((backend) => backend.isConnectionError(each)))
