/** Makes last_login nullable, for users who have never logged in. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { userAfter } from './_state.ts'
import { alterColumn } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['auth', '0004_alter_user_username_opts']]

export const operations = ['Alter field last_login on user']

export async function up(db: MigrationEditor): Promise<void> {
  await alterColumn(db, userAfter['0005'], 'last_login')
}

export async function down(db: MigrationEditor): Promise<void> {
  await db.raw('UPDATE auth_user SET last_login = date_joined WHERE last_login IS NULL')
  await alterColumn(db, userAfter['0003'], 'last_login')
}
