/** Sessions: requests of several clients, some of them concurrent, on every engine. */
import * as fc from 'fast-check'
import type Koa from 'koa'
import inject from 'light-my-request'
import type { Settings } from '#core/conf'
import { type LoadedSession, openSessionStore } from '#core/contrib/sessions'
import { connection } from '#core/db'
import { createApplication } from '#core/handlers'
import { callCommand } from '#core/management'
import { setClock } from '#core/utils'
import { parseCookies } from '#core/web'
import { withDatabase } from '../../contrib/sessions/database.ts'
import { type EngineSetup, engineSetups } from '../../contrib/sessions/engine_setups.ts'
import { movedTo } from '../../../core/contrib/sessions/moved_session.ts'
import { enterScope } from '../../suite_scope.ts'
import { type Runner, type Scenario, START, type Target } from '../scenario.ts'
import type { SessionOperation } from '../site.ts'

const CLIENTS = 3
const COOKIES = 'signed cookies'

interface Visit {
  readonly client: number
  readonly operations: readonly SessionOperation[]
}

interface Step {
  /** Sent together. */
  readonly visits: readonly Visit[]
  /** Seconds that pass before. */
  readonly wait: number
}

const name = fc.constantFrom('a', 'b', 'cart', 'flush', '__proto__', 'ü')
const value = fc.oneof(
  fc.constantFrom<unknown[]>(0, 'text', null, [], {}, [1, [2]], { inside: 1, other: ['x'] }, 'x'.repeat(200)),
  fc.jsonValue({ maxDepth: 2 }),
)

const operation = (key: fc.Arbitrary<string>): fc.Arbitrary<SessionOperation> =>
  fc.oneof(
    fc.tuple(fc.constantFrom('set', 'set', 'setDefault', 'nested'), key, value),
    fc.tuple(fc.constantFrom('get', 'has', 'remove', 'pop'), key),
    fc.tuple(fc.constantFrom('save')),
    fc.tuple(fc.constant('increment'), fc.constant('shared')),
  )

/** Any operation: for a client that sends one request at a time. */
const anyOperation: fc.Arbitrary<SessionOperation> = fc.oneof(
  { weight: 6, arbitrary: operation(name) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom('clear', 'flush', 'cycleKey', 'load', 'keys', 'modified', 'isEmpty', 'getExpiryAge', 'fail'),
    ),
  },
  // No time is so short that it could be over while the test runs.
  { weight: 1, arbitrary: fc.tuple(fc.constant('setExpiry'), fc.constantFrom(null, 0, 5000, 1_000_000, -1)) },
)

const alone = fc
  .uniqueArray(fc.nat(CLIENTS - 1), { minLength: 1 })
  .chain((clients) =>
    fc.tuple(
      ...clients.map((client) =>
        fc.record({ client: fc.constant(client), operations: fc.array(anyOperation, { maxLength: 4 }) }),
      ),
    ),
  )

/** Requests of one client whose changes do not depend on their order: each has keys of its own, and one is counted. */
const concurrent = fc.tuple(fc.nat(CLIENTS - 1), fc.integer({ min: 2, max: 4 })).chain(([client, many]) =>
  fc.tuple(
    ...Array.from({ length: many }, (_, i) =>
      fc.record({
        client: fc.constant(client),
        operations: fc.array(operation(fc.constantFrom(`${i} a`, `${i} b`)), { maxLength: 4 }),
      }),
    ),
  ),
)

const step: fc.Arbitrary<Step> = fc.record({
  visits: fc.oneof({ weight: 2, arbitrary: alone }, { weight: 1, arbitrary: concurrent }),
  // The last is longer than the age of a session without an expiry of its own.
  wait: fc.constantFrom(0, 0, 1, 100, 6000, 1_300_000),
})

/** What a client knows, and what is compared of its sessions. */
class Client {
  cookie: string | undefined
  /** All keys that it had, in their order. */
  readonly keys: string[] = []
  /** Whether its requests came one by one, so that even the order of keys in its data is certain. */
  isOrdered = true

  receive(cookie: string | undefined): void {
    if (cookie === undefined) return
    this.cookie = cookie === '' ? undefined : cookie
    if (cookie !== '' && !this.keys.includes(cookie)) this.keys.push(cookie)
  }
}

class Run {
  readonly #app: Koa
  readonly #clients = Array.from({ length: CLIENTS }, () => new Client())
  /** Whether a cookie is the session, and not only its key. */
  readonly #isInCookie: boolean
  readonly #hasTable: boolean
  readonly #isCached: boolean

  constructor(app: Koa, settings: Settings) {
    this.#app = app
    this.#isInCookie = settings.SESSION_ENGINE?.endsWith('signed_cookies') === true
    this.#isCached = settings.SESSION_ENGINE?.endsWith('cached_db') === true
    this.#hasTable = settings.SESSION_ENGINE?.endsWith('.db') === true
  }

  async take({ visits }: Step): Promise<unknown> {
    const isConcurrent = visits.filter(({ client }) => client === visits[0]?.client).length > 1
    for (const { client } of visits) if (isConcurrent) (this.#clients[client] as Client).isOrdered = false
    const listener = this.#app.callback()
    const asked = visits.map(({ client, operations }) => {
      const { cookie } = this.#clients[client] as Client
      return inject((request, response) => void listener(request, response), {
        method: 'POST',
        url: '/operate/',
        headers: { host: 'testserver', ...(cookie !== undefined && { cookie: `theme=dark; sessionid=${cookie}` }) },
        payload: operations as object,
      })
    })
    const responses = await Promise.all(asked)
    const seen = responses.map((response, i) => this.#seen(response, (visits[i] as Visit).client, isConcurrent))
    return { seen, stored: await Promise.all(this.#clients.map((client) => this.#stored(client))) }
  }

  #seen({ statusCode, headers, body }: inject.Response, client: number, isConcurrent: boolean): unknown {
    const lines = [headers['set-cookie'] ?? []].flat()
    const cookies = lines.map((line) => {
      const sent = parseCookies(line).sessionid ?? ''
      ;(this.#clients[client] as Client).receive(sent)
      return this.#isInCookie || sent === '' ? line : line.replace(sent, 'key')
    })
    const { isOrdered } = this.#clients[client] as Client
    // What the counter shows to each of several requests depends on their order.
    const isExact = isOrdered || statusCode !== 200
    const shown = isConcurrent ? undefined : isExact ? body : (JSON.parse(body) as unknown)
    return [statusCode, headers.vary, headers['cache-control'], cookies, shown]
  }

  #described(key: string, loaded: LoadedSession | undefined): unknown {
    if (loaded === undefined) return 'none'
    // A marker holds a random key.
    if (movedTo(key, loaded.data) !== undefined) return ['moved', Object.keys(loaded.data), loaded.expiresAt]
    // Which of several requests leaves an entry in the cache depends on their order, and an entry does not tell its end.
    return this.#isCached ? loaded.data : { data: loaded.data, expiresAt: loaded.expiresAt }
  }

  async #stored({ cookie, keys, isOrdered }: Client): Promise<unknown> {
    const store = openSessionStore()
    const sessions = await Promise.all(
      keys.map(async (key) => [this.#described(key, await store.load(key)), await store.exists?.(key)]),
    )
    const current = cookie === undefined ? 'none' : keys.indexOf(cookie)
    if (!this.#hasTable) return { current, sessions }
    const rows = await Promise.all(
      keys.map(async (key, i) => {
        const row = connection('django_session').where('session_key', key)
        const isMarker = Array.isArray(sessions[i]?.[0]) && sessions[i]?.[0]?.[0] === 'moved'
        return isMarker ? row.first('expire_date') : row.first('session_data', 'expire_date')
      }),
    )
    return {
      current,
      sessions,
      rows: isOrdered ? rows : rows.map((row?: { expire_date: unknown }) => row?.expire_date),
    }
  }
}

async function opened(setup: EngineSetup): Promise<Runner<readonly Step[]>> {
  await setup.prepare()
  const settings: Settings = {
    ...setup.settings,
    DEBUG: false,
    ALLOWED_HOSTS: ['testserver'],
    ROOT_URLCONF: 'test.fast.site',
    MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
  }
  const leave = await enterScope((inside) => withDatabase(inside, settings))
  if (setup.name.includes('database cache')) await callCommand('createcachetable')
  const app = await createApplication()
  return {
    async run(steps) {
      const run = new Run(app, settings)
      const results: unknown[] = []
      let seconds = 0
      for (const each of steps) {
        seconds += each.wait
        setClock({ now: () => START + seconds * 1000 })
        results.push(await run.take(each))
      }
      return results
    },
    async close() {
      await leave()
      await setup.leave()
    },
  }
}

const nothing = async (): Promise<void> => {}
const inCookies: EngineSetup = {
  name: COOKIES,
  settings: { SESSION_ENGINE: 'core.contrib.sessions.backends.signed_cookies' },
  reason: '',
  isShared: true,
  prepare: nothing,
  leave: nothing,
}

const engines = async (): Promise<EngineSetup[]> => [...(await engineSetups('fast')), inCookies]

export const sessionScenario: Scenario<readonly Step[]> = {
  name: 'sessions',
  arbitrary: fc.array(step, { minLength: 1, maxLength: 8 }),
  runs: 25,
  targets: async (): Promise<readonly Target[]> =>
    (await engines()).map((setup) => ({ ...setup, available: setup.reason === '' })),
  async open(target) {
    const setup = (await engines()).find((each) => each.name === target)
    if (setup === undefined) throw new Error(`There is no engine '${target}'.`)
    return opened(setup)
  },
}
