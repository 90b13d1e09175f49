/** A process of the site under test. It sends its port to its parent, which may move its clock. */
import type { AddressInfo } from 'node:net'
import { setup } from '../../core/apps/index.ts'
import { settings } from '../../core/conf/index.ts'
import { connections, loadMigrations, MigrationExecutor } from '../../core/db/index.ts'
import { createApplication, GracefulServer } from '../../core/handlers/index.ts'

/** A message of the parent: milliseconds by which the clock of this process is ahead. */
export interface MoveClock {
  readonly clock: number
}

const SystemDate = Date
let ahead = Number(process.env.FAULTS_CLOCK ?? 0)

/** Every clock of the process moves, as if the machine's clock had been set. */
globalThis.Date = class extends SystemDate {
  constructor(...args: [] | [number]) {
    if (args.length === 0) super(SystemDate.now() + ahead)
    else super(...args)
  }

  static override now(): number {
    return SystemDate.now() + ahead
  }
} as DateConstructor

process.on('message', ({ clock }: MoveClock) => {
  ahead = clock
})

async function migrate(): Promise<void> {
  const graph = await loadMigrations()
  const targets = graph.leaves().map(({ app, name }) => [app, name] as const)
  await new MigrationExecutor(connections.database(), graph).execute(graph.plan(targets, new Map()))
}

await setup({ settings: 'site_settings', root: import.meta.dirname })
if (process.env.FAULTS_MIGRATE === 'yes' && settings.SESSION_ENGINE.endsWith('db')) await migrate()
const app = await createApplication()
const server = app.listen(Number(process.env.FAULTS_PORT), '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
const graceful = new GracefulServer(server)
process.once('SIGTERM', () => void graceful.stop({ grace: 0, limit: 1000 }).then(() => process.exit()))
