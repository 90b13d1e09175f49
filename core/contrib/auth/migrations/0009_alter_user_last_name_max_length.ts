/** Extends last names to 150 characters. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { userAfter } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0008_alter_user_username_max_length']]

export const operations = ['Alter field last_name on user']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0009'], 'last_name')
}

export async function down(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0008'], 'last_name')
}
