/** Extends email addresses to 254 characters. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { userAfter } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0002_alter_permission_name_max_length']]

export const operations = ['Alter field email on user']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0003'], 'email')
}

export async function down(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0001'], 'email')
}
