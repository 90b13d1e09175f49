/** One of several processes that write to a session concurrently. Its parent process sends the tasks. */
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { openSession, openSessionStore, type Session } from '#core/contrib/sessions'
import { connections } from '#core/db'

export type Task =
  | { readonly kind: 'keys'; readonly key: string; readonly names: readonly string[] }
  | { readonly kind: 'count'; readonly key: string; readonly times: number }
  /** Loads the session for each name; `rotate` then sets the key of that name and changes the session key. */
  | { readonly kind: 'load'; readonly key: string; readonly names: readonly string[] }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'end' }

/** The messages of a worker. */
export type Answer = { readonly done: unknown } | { readonly failed: string }

export interface Cleared {
  readonly deleted: number
  /** Duration of the slowest statement in milliseconds. */
  readonly longest: number
}

/** Acts as one request for each name: loads the session, sets the key, saves. */
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
      await session.atomic((s) => s.set('n', Number(s.get<string>('n') ?? 0) + 1))
    }),
  )
}

/** Sessions by the name of the key that a rotation sets in them. */
let inFlight = new Map<string, Session>()

async function load(key: string, names: readonly string[]): Promise<void> {
  inFlight = new Map(names.map((name) => [name, openSession(openSessionStore(), key)]))
  for (const session of inFlight.values()) await session.load()
}

/** @returns the session keys afterwards */
function rotate(): Promise<(string | null)[]> {
  return Promise.all(
    Array.from(inFlight, async ([name, session]) => {
      session.set(name, process.pid)
      await session.cycleKey()
      return session.sessionKey
    }),
  )
}

/** Deletes expired sessions, and measures the round trip of each statement. */
async function clear(): Promise<Cleared> {
  const begun = new Map<string, number>()
  let longest = 0
  const { pool } = connections.database()
  pool.on('query', ({ __knexQueryUid: id }: { __knexQueryUid: string }) => begun.set(id, performance.now()))
  pool.on('query-response', (_: unknown, { __knexQueryUid: id }: { __knexQueryUid: string }) => {
    longest = Math.max(longest, performance.now() - (begun.get(id) ?? 0))
    begun.delete(id)
  })
  return { deleted: (await openSessionStore().clearExpired?.()) ?? 0, longest }
}

function perform(task: Exclude<Task, { kind: 'end' }>): Promise<unknown> {
  if (task.kind === 'keys') return setKeys(task.key, task.names)
  if (task.kind === 'count') return count(task.key, task.times)
  if (task.kind === 'load') return load(task.key, task.names)
  return task.kind === 'rotate' ? rotate() : clear()
}

const report = (message: Answer): void => void process.send?.(message)

/** The parent process sends one task at a time, and waits for its result. */
async function* tasks(): AsyncGenerator<Task> {
  for (;;) yield await new Promise<Task>((resolve) => process.once('message', resolve as (task: unknown) => void))
}

await setup()
await overrideSettings(JSON.parse(process.argv[2] as string) as Settings, async () => {
  report({ done: 'ready' })
  for await (const task of tasks()) {
    if (task.kind === 'end') break
    try {
      report({ done: (await perform(task)) ?? null })
    } catch (error) {
      report({ failed: error instanceof Error ? String(error.stack) : String(error) })
    }
  }
})
process.exit()
