/** Extends group names to 150 characters. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { group } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0009_alter_user_last_name_max_length']]

export const operations = ['Alter field name on group']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, group(150), 'name')
}

export async function down(db: MigrationEditor): Promise<void> {
  await alterColumn(db, group(80), 'name')
}
