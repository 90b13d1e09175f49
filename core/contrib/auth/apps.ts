/** The auth app: users, groups and permissions; the permissions are filled in after each `migrate`. */
import { AppConfig } from '#core/apps'
import { postMigrate } from '#core/db'
import { createPermissions } from './management/permissions.ts'

export class AuthConfig extends AppConfig {
  override verboseName = 'Authentication and Authorization'
  override readonly models = ['Permission', 'Group', 'User']

  override async ready(): Promise<void> {
    postMigrate.connect(createPermissions)
    await import('./checks.ts')
  }
}
