/** An engine without a command-line client, for tests. */
import type { DatabaseBackend } from '#core/db'
import { backend as sqlite } from '../../core/db/backends/sqlite3.ts'

export const backend: DatabaseBackend = { ...sqlite }
delete backend.shell
