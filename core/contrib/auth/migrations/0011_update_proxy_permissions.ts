/** Was about the permissions of Django's proxy models, of which there are none here. */
import type { MigrationDependency } from '#core/db'

export const dependencies: MigrationDependency[] = [['auth', '0010_alter_group_name_max_length']]

export const operations = ['Raw Python operation']

export function up(): void {}

export function down(): void {}
