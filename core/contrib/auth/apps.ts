/** The auth app: users, groups and permissions. The permissions are created after each `migrate`. */
import { appliedMigrations, connections, type MigrateEvent, postMigrate } from '#core/db'
import { createContentTypes, modelsOfApp } from '#core/contrib/contenttypes'
import { AppConfig } from '#core/apps'

// After `migrate`, creates permissions to add, change, delete and view each model of each installed app.

const ACTIONS = ['add', 'change', 'delete', 'view']

/** `Can add log entry`, truncated to the column's 255 characters; the action always fits. */
const nameOf = (action: string, verboseName: string): string => `Can ${action} ${verboseName}`.slice(0, 255)

/** Adds the missing permissions of an app. Does nothing until auth.0002 has given the table its final form. */
export async function createPermissions(event: MigrateEvent): Promise<void> {
  const models = modelsOfApp(event.app)
  if (models.length === 0) return
  const applied = await appliedMigrations(connections.database(event.alias))
  if (!applied.has('auth.0002_alter_permission_name_max_length')) return
  await createContentTypes(event)
  const db = connections.get(event.alias)
  const types = (await db('django_content_type').where('app_label', event.app).select('id', 'model')) as {
    id: number
    model: string
  }[]
  const existing = (await db('auth_permission')
    .whereIn(
      'content_type_id',
      types.map(({ id }) => id),
    )
    .select('content_type_id', 'codename')) as { content_type_id: number; codename: string }[]
  const known = new Set(existing.map((row) => `${row.content_type_id} ${row.codename}`))
  const wanted = models.flatMap(({ model, verboseName }) =>
    ACTIONS.map((action) => ({
      name: nameOf(action, verboseName),
      content_type_id: types.find((type) => type.model === model)?.id,
      codename: `${action}_${model}`,
    })),
  )
  const missing = wanted.filter(
    ({ content_type_id, codename }) => content_type_id !== undefined && !known.has(`${content_type_id} ${codename}`),
  )
  // Another process may insert the same rows concurrently.
  if (missing.length > 0)
    await db('auth_permission').insert(missing).onConflict(['content_type_id', 'codename']).ignore()
}

export class AuthConfig extends AppConfig {
  override verboseName = 'Authentication and Authorization'
  override readonly models = ['Permission', 'Group', 'User']

  override async ready(): Promise<void> {
    postMigrate.connect(createPermissions)
    await import('./checks.ts')
  }
}
