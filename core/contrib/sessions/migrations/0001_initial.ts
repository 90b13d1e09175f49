/** The table of the sessions, as Django's first migration of this app makes it. */
import type { MigrationDependency, MigrationEditor } from '#core/db'

export const dependencies: MigrationDependency[] = []

export const operations = ['Create model Session']

export async function up(db: MigrationEditor): Promise<void> {
  await db.schema.createTable('django_session', (table) => {
    table.string('session_key', 40).notNullable().primary()
    table.text('session_data', 'longtext').notNullable()
    table.datetime('expire_date', db.vendor === 'mysql' ? { precision: 6 } : {}).notNullable()
    table.index(['expire_date'], 'django_session_expire_date_a5c62663')
  })
  if (db.vendor === 'postgresql') {
    await db.raw(
      'CREATE INDEX "django_session_session_key_c0390e0f_like" ON "django_session" ("session_key" varchar_pattern_ops)',
    )
  }
}

export async function down(db: MigrationEditor): Promise<void> {
  await db.schema.dropTable('django_session')
}
