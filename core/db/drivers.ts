/** Finds the npm packages that engines stand on, at the moment a database is first used. */
import { createRequire } from 'node:module'
import path from 'node:path'
import type { knex } from 'knex'
import { ImproperlyConfigured } from '#core/exceptions'
import type { Dialect, DatabaseLocation } from './backend.ts'

const ours = createRequire(import.meta.url)

/** knex itself, loaded late: it takes longer to load than all that a command without a database needs. */
export const loadKnex = (): typeof knex => (ours('knex') as { knex: typeof knex }).knex

/** The client class that knex has for a driver. */
export const knexDialect = (name: 'better-sqlite3' | 'postgres' | 'mysql2'): Dialect =>
  ours(`knex/lib/dialects/${name}`) as Dialect

function fileFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(path.join(folder, 'package.json')).resolve(name)
  } catch {
    return undefined
  }
}

/**
 * The file of the driver as the project has it, else as the framework has it.
 * @throws ImproperlyConfigured that says what to install
 */
export function driverFile(name: string, { alias, root }: DatabaseLocation): string {
  const file = fileFrom(root, name) ?? fileFrom(import.meta.dirname, name)
  if (file !== undefined) return file
  throw new ImproperlyConfigured(
    `DATABASES['${alias}'] needs the npm package '${name}', which is not installed. Run: npm install ${name}`,
  )
}

/** The driver itself. @throws ImproperlyConfigured that says what to install */
export const requireDriver = (name: string, place: DatabaseLocation): unknown => ours(driverFile(name, place))
