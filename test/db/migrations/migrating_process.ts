/** A process that waits for a line on its input, then migrates. Several run concurrently in a test. */
import { once } from 'node:events'
import { AppConfig, setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { appliedMigrations, connections, type DatabaseSettings, loadMigrations, MigrationExecutor } from '#core/db'

const [, , config = '', folder = ''] = process.argv

await setup()
await overrideSettings({ DATABASES: { default: JSON.parse(config) as DatabaseSettings } }, async () => {
  const database = connections.database()
  const graph = await loadMigrations([new AppConfig('apps.polls', folder)])
  const plan = graph.plan([['polls', '0003_third']], await appliedMigrations(database))
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  const taken = await new MigrationExecutor(database, graph).execute(plan)
  process.stdout.write(`taken ${taken}\n`)
})
process.exit(0)
