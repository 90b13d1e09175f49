/** Creates the tables of users, groups and permissions, as Django's first migration of this app does. */
import type { MigrationDependency, MigrationEditor } from '#core/db'
import { group, pairs, permission, userAfter } from './_state.ts'
import { addLikeIndex, createTable } from './_tables.ts'

export const dependencies: MigrationDependency[] = [['contenttypes', '__first__']]

export const operations = ['Create model Permission', 'Create model Group', 'Create model User']

export async function up(db: MigrationEditor): Promise<void> {
  await createTable(db, permission(50))
  await createTable(db, group(80))
  await addLikeIndex(db, 'auth_group', 'name', 'auth_group_name_a6ea08ec_like')
  await createTable(db, userAfter['0001'])
  await addLikeIndex(db, 'auth_user', 'username', 'auth_user_username_6821ab7c_like')
  for (const table of pairs) await createTable(db, table)
}

export async function down(db: MigrationEditor): Promise<void> {
  for (const { name } of pairs) await db.raw(`DROP TABLE ${name}`)
  for (const name of ['auth_user', 'auth_group', 'auth_permission']) await db.raw(`DROP TABLE ${name}`)
}
