/** Extends permission names to 255 characters. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { permission } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0001_initial']]

export const operations = ['Alter field name on permission']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, permission(255), 'name')
}

export async function down(db: MigrationEditor): Promise<void> {
  await alterColumn(db, permission(50), 'name')
}
