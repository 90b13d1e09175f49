/** One of several processes that write to one session at once; does what its parent says. */
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { openSession, openSessionStore } from '#core/contrib/sessions'

export type Task =
  | { readonly kind: 'keys'; readonly key: string; readonly names: readonly string[] }
  | { readonly kind: 'count'; readonly key: string; readonly times: number }
  | { readonly kind: 'end' }

/** Every writer is a request of its own: it loads the session, sets one key, saves. */
async function setKeys(key: string, names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const session = openSession(openSessionStore(), key)
      await session.load()
      session.set(name, process.pid)
      await session.save()
    }),
  )
}

async function count(key: string, times: number): Promise<void> {
  await Promise.all(
    Array.from({ length: times }, async () => {
      const session = openSession(openSessionStore(), key)
      await session.load()
      await session.atomic((s) => s.set('n', Number(s.get('n') ?? 0) + 1))
    }),
  )
}

/** Tasks come one at a time: the parent waits for each to be done. */
async function* tasks(): AsyncGenerator<Task> {
  for (;;) yield await new Promise<Task>((resolve) => process.once('message', resolve as (task: unknown) => void))
}

await setup()
await overrideSettings(JSON.parse(process.argv[2] as string) as Settings, async () => {
  process.send?.('ready')
  for await (const task of tasks()) {
    if (task.kind === 'end') break
    try {
      await (task.kind === 'keys' ? setKeys(task.key, task.names) : count(task.key, task.times))
      process.send?.('done')
    } catch (error) {
      process.send?.(`failed: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
})
process.exit()
