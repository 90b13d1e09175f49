/** Extends usernames to 150 characters. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { userAfter } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0007_alter_validators_add_error_messages']]

export const operations = ['Alter field username on user']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0008'], 'username')
}

export async function down(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0005'], 'username')
}
