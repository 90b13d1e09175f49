/** Has no effect on the database: in Django it changes messages of forms. */
import type { MigrationDependency } from '#core/db'

export const dependencies: MigrationDependency[] = [['auth', '0003_alter_user_email_max_length']]

export const operations = ['Alter field username on user']

export function up(): void {}

export function down(): void {}
