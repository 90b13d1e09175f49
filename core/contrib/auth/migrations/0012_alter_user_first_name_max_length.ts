/** Extends first names to 150 characters. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { userAfter } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0011_update_proxy_permissions']]

export const operations = ['Alter field first_name on user']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0012'], 'first_name')
}

export async function down(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0009'], 'first_name')
}
