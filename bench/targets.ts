/** The measured targets: combinations of a server, a workload and a session store. */
import type { Settings } from '../core/conf/index.ts'
import type { StoreName } from './stores.ts'
import { type WorkName, WORKS } from './workloads.ts'

export interface Target {
  /** Name of the software in the table. */
  readonly stack: string
  /** Path, relative to this directory, of the module whose default export creates a request listener. */
  readonly server: string
  readonly work: WorkName
  readonly store?: StoreName
  /** Settings of Nuages or Django, in addition to those of the store. */
  readonly settings?: Settings
  /** Whether the session is in the cookie, so that the counter rises only for a client that keeps the latest cookie. */
  readonly keptByClient?: boolean
}

/** The baseline: all results are reported as a share of it. */
export const FLOOR: Target = { stack: 'node:http', server: 'servers/node.ts', work: 'hello' }

const SESSIONS = ['core.contrib.sessions.middleware.SessionMiddleware']

/** MIDDLEWARE of a new Django project. */
const CHAIN_OF_SEVEN = [
  'django.middleware.security.SecurityMiddleware',
  'django.contrib.sessions.middleware.SessionMiddleware',
  'django.middleware.common.CommonMiddleware',
  'django.middleware.csrf.CsrfViewMiddleware',
  'django.contrib.auth.middleware.AuthenticationMiddleware',
  'django.contrib.messages.middleware.MessageMiddleware',
  'django.middleware.clickjacking.XFrameOptionsMiddleware',
]

const APPS_OF_SEVEN = ['auth', 'contenttypes', 'sessions', 'messages'].map((app) => `django.contrib.${app}`)

const nuages = (work: WorkName, store: StoreName): Target => ({
  stack: 'nuages',
  server: 'servers/nuages.ts',
  work,
  store,
  settings: { MIDDLEWARE: SESSIONS },
  keptByClient: store === 'signed_cookies',
})

const byHand = (stack: string, server: string, work: WorkName, store: StoreName): Target => ({
  stack,
  server: `servers/${server}.ts`,
  work,
  store,
  keptByClient: store === 'signed_cookies',
})

const STORES: readonly StoreName[] = [
  'db-sqlite',
  'db-postgresql',
  'db-mysql',
  'cache-locmem',
  'cache-redis',
  'cache-memcached',
  'cached_db',
  'file',
  'file-tmpfs',
  'signed_cookies',
]

/** Stores for the untouched workload, in which the stores differ only in their middleware. */
const UNTOUCHED: readonly StoreName[] = [
  'db-sqlite',
  'db-postgresql',
  'cache-locmem',
  'cache-redis',
  'file',
  'signed_cookies',
]

/** Handwritten servers and their session stores. */
const BY_HAND = [
  ['limit, by hand', 'limit_sqlite', 'db-sqlite'],
  ['limit, gathered', 'limit_sqlite_gathered', 'db-sqlite'],
  ['koa, by hand', 'limit_koa', 'db-sqlite'],
  ['limit, by hand', 'limit_postgresql', 'db-postgresql'],
  ['limit, gathered', 'limit_postgresql_gathered', 'db-postgresql'],
  ['koa, by hand', 'limit_koa', 'db-postgresql'],
  ['limit, by hand', 'limit_redis', 'cache-redis'],
  ['koa, by hand', 'limit_koa', 'cache-redis'],
  ['limit, by hand', 'limit_memory', 'memory'],
  ['koa, by hand', 'limit_koa', 'memory'],
  ['limit, by hand', 'limit_file', 'file'],
  ['koa, by hand', 'limit_koa', 'file'],
  ['limit, by hand', 'limit_file', 'file-tmpfs'],
  ['koa, by hand', 'limit_koa', 'file-tmpfs'],
  ['limit, by hand', 'limit_signed_cookies', 'signed_cookies'],
] as const satisfies readonly (readonly [string, string, StoreName])[]

/** The handwritten servers for a workload and store. For the in-process cache, those that use a Map. */
export const pagesByHand = (work: WorkName, store: StoreName): Target[] =>
  BY_HAND.filter(([, , its]) => its === (store === 'cache-locmem' ? 'memory' : store)).map(([stack, , its]) =>
    targetNamed(nameOf({ stack, work, store: its })),
  )

const SEVEN: Settings = { MIDDLEWARE: CHAIN_OF_SEVEN, INSTALLED_APPS: APPS_OF_SEVEN }

const OURS: readonly Target[] = [
  FLOOR,
  { stack: 'koa', server: 'servers/koa.ts', work: 'hello' },
  { stack: 'nuages', server: 'servers/nuages.ts', work: 'hello' },
  {
    stack: 'nuages, chain of seven',
    server: 'servers/nuages.ts',
    work: 'hello',
    store: 'db-sqlite',
    settings: SEVEN,
  },
  ...UNTOUCHED.map((store) => nuages('untouched', store)),
  ...(['read', 'counter', 'cold'] as const).flatMap((work) => [
    ...BY_HAND.map(([stack, server, store]) => byHand(stack, server, work, store)),
    ...STORES.map((store) => nuages(work, store)),
  ]),
]

const SESSION_WORKS = ['untouched', 'read', 'counter', 'cold'] as const

const peer = (stack: string, server: string, store?: StoreName, keptByClient = false): Target[] =>
  SESSION_WORKS.map((work) => ({
    stack,
    server: `peers/${server}.mjs`,
    work,
    ...(store && { store }),
    keptByClient,
  }))

const django = (store: StoreName): Target[] =>
  SESSION_WORKS.map((work) => ({
    stack: 'django',
    server: 'servers/django.ts',
    work,
    store,
    keptByClient: store === 'signed_cookies',
  }))

const PEERS: readonly Target[] = [
  ...peer('koa-session', 'koa_session', 'memory'),
  ...peer('koa-session, knex', 'koa_session', 'db-sqlite'),
  ...peer('koa-session, knex', 'koa_session', 'db-postgresql'),
  ...peer('koa-session', 'koa_session', 'cache-redis'),
  ...peer('koa-session', 'koa_session', 'signed_cookies', true),
  ...peer('express-session', 'express_session', 'memory'),
  ...peer('express-session, knex', 'express_session', 'db-sqlite'),
  ...peer('express-session, pg', 'express_session', 'db-postgresql'),
  ...peer('express-session', 'express_session', 'cache-redis'),
  ...peer('express-session', 'express_session', 'file'),
  ...peer('express-session', 'express_session', 'file-tmpfs'),
  ...peer('@fastify/session', 'fastify_session', 'memory'),
  ...peer('@fastify/session', 'fastify_session', 'cache-redis'),
  ...peer('@fastify/secure-session', 'fastify_secure_session', 'signed_cookies', true),
  ...peer('hono-sessions', 'hono_sessions', 'memory'),
  ...peer('iron-session', 'iron_session', 'signed_cookies', true),
  ...peer('adonis', 'adonis', 'memory'),
  ...peer('adonis', 'adonis', 'cache-redis'),
  ...peer('adonis', 'adonis', 'file'),
  ...peer('adonis', 'adonis', 'file-tmpfs'),
  ...peer('adonis', 'adonis', 'signed_cookies', true),
  { stack: 'django, chain of seven', server: 'servers/django.ts', work: 'hello', store: 'db-sqlite', settings: SEVEN },
  ...(['db-sqlite', 'db-postgresql', 'cache-locmem', 'file', 'file-tmpfs', 'signed_cookies'] as const).flatMap(django),
]

export const nameOf = ({ stack, work, store }: Pick<Target, 'stack' | 'work' | 'store'>): string =>
  [stack, work, store].filter(Boolean).join(' ')

/** Whether the target needs the packages of bench/peers. */
export const isPeer = ({ server }: Target): boolean => server.startsWith('peers/')

/** The target with a name. @throws RangeError if there is none */
export function targetNamed(name: string): Target {
  const found = [...OURS, ...PEERS].find((target) => nameOf(target) === name)
  if (found === undefined) throw new RangeError(`There is no target '${name}'.`)
  return found
}

/**
 * The targets whose name contains all of the words, sorted by workload, and the floor.
 * @param withPeers whether to include other session libraries and Django
 */
export function selectTargets(words: readonly string[], withPeers: boolean): Target[] {
  const all = withPeers ? [...OURS, ...PEERS] : OURS
  const order = Object.keys(WORKS)
  return all
    .filter((target) => target === FLOOR || words.every((word) => nameOf(target).includes(word)))
    .toSorted((a, b) => order.indexOf(a.work) - order.indexOf(b.work))
}
