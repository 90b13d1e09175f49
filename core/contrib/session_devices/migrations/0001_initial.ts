/** Creates the table of the index of sessions by user, which is separate from the session engine. */
import type { MigrationDependency, MigrationEditor } from '#core/db'

export const dependencies: MigrationDependency[] = []

export const operations = ['Create model UserSession']

export async function up(db: MigrationEditor): Promise<void> {
  await db.schema.createTable('session_devices', (table) => {
    table.string('session_key', 40).notNullable().primary()
    table.string('user_id', 255).notNullable()
    table.datetime('created', db.vendor === 'mysql' ? { precision: 6 } : {}).notNullable()
    table.string('description', 255).notNullable().defaultTo('')
    table.index(['user_id'], 'session_devices_user_id')
  })
}

export async function down(db: MigrationEditor): Promise<void> {
  await db.schema.dropTable('session_devices')
}
