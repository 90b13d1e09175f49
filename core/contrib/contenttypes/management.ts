/** After `migrate`: a content type for every model of every installed app. */
import { appliedMigrations, connections, type MigrateEvent } from '#core/db'
import { modelsOfApp } from './app_models.ts'
import { ContentType } from './models.ts'

/** Adds the missing content types of an app. Before the table has its final form there is nothing to be done. */
export async function createContentTypes({ app, alias }: MigrateEvent): Promise<void> {
  const models = modelsOfApp(app)
  if (models.length === 0) return
  const applied = await appliedMigrations(connections.database(alias))
  if (!applied.has('contenttypes.0002_remove_content_type_name')) return
  const objects = ContentType.objects.using(alias)
  const there = new Set((await objects.filter({ appLabel: app })).map(({ model }) => model))
  await objects.ensure(models.filter(({ model }) => !there.has(model)))
}
