/** What is measured: which server, at which work, with its sessions in which store. */
import type { Settings } from '#core/conf'
import type { StoreName } from './stores.ts'
import { WORKS, type WorkName } from './works.ts'

export interface Target {
  /** Who is measured, as the table says it. */
  readonly stack: string
  /** Module whose default export makes a request listener: a path from this folder. */
  readonly server: string
  readonly work: WorkName
  readonly store?: StoreName
  /** Settings of Nuages beside the store's. */
  readonly settings?: Settings
  /** Whether the cookie is the session, so that only a client that keeps the newest one has a counter that counts. */
  readonly keptByClient?: boolean
}

/** Everything else is told as a share of this. */
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

const STORES: readonly StoreName[] = [
  'db-sqlite',
  'db-postgresql',
  'db-mysql',
  'cache-locmem',
  'cache-redis',
  'cache-memcached',
  'cached_db',
  'file',
  'signed_cookies',
]

const OURS: readonly Target[] = [
  FLOOR,
  { stack: 'koa', server: 'servers/koa.ts', work: 'hello' },
  { stack: 'nuages', server: 'servers/nuages.ts', work: 'hello' },
  {
    stack: 'nuages, chain of seven',
    server: 'servers/nuages.ts',
    work: 'hello',
    store: 'db-sqlite',
    settings: { MIDDLEWARE: CHAIN_OF_SEVEN, INSTALLED_APPS: APPS_OF_SEVEN },
  },
  ...(['db-sqlite', 'db-postgresql', 'cache-redis'] as const).map((store) => nuages('untouched', store)),
  ...(['read', 'counter', 'cold'] as const).flatMap((work) => [
    { stack: 'koa, a Map by hand', server: 'servers/koa_map.ts', work },
    ...STORES.map((store) => nuages(work, store)),
  ]),
]

const peer = (stack: string, server: string, store?: StoreName, keptByClient = false): Target[] =>
  (['untouched', 'read', 'counter', 'cold'] as const).map((work) => ({
    stack,
    server: `peers/${server}.mjs`,
    work,
    ...(store && { store }),
    keptByClient,
  }))

const PEERS: readonly Target[] = [
  ...peer('koa-session', 'koa_session', 'memory'),
  ...peer('koa-session, knex', 'koa_session', 'db-sqlite'),
  ...peer('koa-session', 'koa_session', 'cache-redis'),
  ...peer('koa-session', 'koa_session', 'signed_cookies', true),
  ...peer('express-session', 'express_session', 'memory'),
  ...peer('express-session, knex', 'express_session', 'db-sqlite'),
  ...peer('express-session', 'express_session', 'cache-redis'),
  ...peer('@fastify/session', 'fastify_session', 'memory'),
  ...peer('@fastify/session', 'fastify_session', 'cache-redis'),
  ...peer('@fastify/secure-session', 'fastify_secure_session', 'signed_cookies', true),
  ...peer('hono-sessions', 'hono_sessions', 'memory'),
  ...peer('iron-session', 'iron_session', 'signed_cookies', true),
]

export const nameOf = ({ stack, work, store }: Target): string => [stack, work, store].filter(Boolean).join(' ')

/**
 * The targets whose name has every one of the words, with the floor before them, kind of work by kind of work.
 * @param withPeers whether what people would use instead of Nuages is there too
 */
export function selectTargets(words: readonly string[], withPeers: boolean): Target[] {
  const all = withPeers ? [...OURS, ...PEERS] : OURS
  const order = Object.keys(WORKS)
  return all
    .filter((target) => target === FLOOR || words.every((word) => nameOf(target).includes(word)))
    .toSorted((a, b) => order.indexOf(a.work) - order.indexOf(b.work))
}
