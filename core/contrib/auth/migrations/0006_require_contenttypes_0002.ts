/** Only declares a dependency on the final form of the content types. */
import type { MigrationDependency } from '#core/db'

export const dependencies: MigrationDependency[] = [
  ['auth', '0005_alter_user_last_login_null'],
  ['contenttypes', '0002_remove_content_type_name'],
]

export const operations: string[] = []

export function up(): void {}

export function down(): void {}
