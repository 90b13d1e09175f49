/** A custom engine, for tests: SQLite under another name. */
import type { DatabaseBackend } from '#core/db'
import { backend as sqlite } from '../../core/db/backends/sqlite3.ts'

export const backend: DatabaseBackend = { ...sqlite, displayName: 'My own' }
