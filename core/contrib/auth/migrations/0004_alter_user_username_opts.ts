/** Was about messages of Django's forms; nothing changes in the database. */
import type { MigrationDependency } from '#core/db'

export const dependencies: MigrationDependency[] = [['auth', '0003_alter_user_email_max_length']]

export const operations = ['Alter field username on user']

export function up(): void {}

export function down(): void {}
