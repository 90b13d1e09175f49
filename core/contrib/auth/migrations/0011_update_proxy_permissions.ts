/** Has no effect: in Django it updates permissions of proxy models, which do not exist here. */
import type { MigrationDependency } from '#core/db'

export const dependencies: MigrationDependency[] = [['auth', '0010_alter_group_name_max_length']]

export const operations = ['Raw Python operation']

export function up(): void {}

export function down(): void {}
