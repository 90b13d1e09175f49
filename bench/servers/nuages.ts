/** Nuages, with the settings in BENCH_SETTINGS. */
import path from 'node:path'
import { setup } from '../../core/apps/index.ts'
import { settings } from '../../core/conf/index.ts'
import { connections, loadMigrations, MigrationExecutor } from '../../core/db/index.ts'
import { createApplication } from '../../core/handlers/index.ts'
import type { Listener } from '../server.ts'

async function migrate(): Promise<void> {
  const graph = await loadMigrations()
  const targets = graph.leaves().map(({ app, name }) => [app, name] as const)
  await new MigrationExecutor(connections.database(), graph).execute(graph.plan(targets, new Map()))
}

export default async (): Promise<Listener> => {
  await setup({ settings: 'settings', root: path.join(import.meta.dirname, '..', 'nuages') })
  if (settings.SESSION_ENGINE.endsWith('db')) await migrate()
  return (await createApplication()).callback()
}
