/** Drops the column with a model's human-readable name. */
import type { MigrationDependency, MigrationEditor } from '#core/db'

export const dependencies: MigrationDependency[] = [['contenttypes', '0001_initial']]

export const operations = [
  'Change Meta options on contenttype',
  'Alter field name on contenttype',
  'Raw Python operation',
  'Remove field name from contenttype',
]

export async function up(db: MigrationEditor): Promise<void> {
  await db.raw('ALTER TABLE django_content_type DROP COLUMN name')
}

export async function down(db: MigrationEditor): Promise<void> {
  await db.raw("ALTER TABLE django_content_type ADD COLUMN name varchar(100) NOT NULL DEFAULT ''")
  await db.raw('UPDATE django_content_type SET name = model')
  // SQLite cannot drop a default, which is harmless.
  if (db.vendor !== 'sqlite') await db.raw('ALTER TABLE django_content_type ALTER COLUMN name DROP DEFAULT')
}
