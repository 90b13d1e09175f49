/** The engine that SESSION_ENGINE names, and sessions on it. */
import { builtFrom, preparedFrom, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { parseCookies } from '#core/http'
import { importModule, listed } from '#core/utils'
import { asDict } from './face.ts'
import { GuardedStore } from './outage.ts'
import { type Session, SessionBase } from './session.ts'
import type { SessionStore, SessionStoreClass } from './store.ts'

const REQUIRED = ['load', 'create', 'update', 'delete'] as const

const engine = preparedFrom(['SESSION_ENGINE'], async () => {
  const name = settings.SESSION_ENGINE
  const module = await importModule(name, { setting: 'SESSION_ENGINE', root: projectRoot() })
  const { SessionStore } = module
  if (typeof SessionStore !== 'function') {
    throw new ImproperlyConfigured(
      `SESSION_ENGINE names '${name}', which exports no class SessionStore. It exports: ${listed(Object.keys(module))}.`,
    )
  }
  const { prototype } = SessionStore as { prototype?: Partial<Record<string, unknown>> }
  const absent = REQUIRED.filter((method) => typeof prototype?.[method] !== 'function')
  if (absent.length > 0) {
    throw new ImproperlyConfigured(`SESSION_ENGINE names '${name}', whose SessionStore has no ${listed(absent)}.`)
  }
  return SessionStore as SessionStoreClass
})

const store = builtFrom(
  [
    'SESSION_ENGINE',
    'SESSION_CACHE_ALIAS',
    'SESSION_FILE_PATH',
    'SESSION_COOKIE_NAME',
    'SESSION_STORE_TIMEOUT',
    'CACHES',
    'DATABASES',
  ],
  (): SessionStore => new GuardedStore(new (engine())()),
)

/** The store of this project's sessions, as SESSION_ENGINE says. */
export const openSessionStore = (): SessionStore => store()

/** The session of a key on a store; without a key, a new one that is not kept anywhere yet. */
export const openSession = (sessions: SessionStore, key?: string | null): Session =>
  asDict(new SessionBase(sessions, key))

/**
 * The session of a Cookie header, loaded, for code outside a request: a WebSocket's handshake, a job.
 * @param cookieHeader the header's value; without the session's cookie in it, an empty session
 */
export async function getSession(cookieHeader: string | undefined): Promise<Session> {
  const session = new SessionBase(openSessionStore(), parseCookies(cookieHeader ?? '')[settings.SESSION_COOKIE_NAME])
  if (session.needsFetch) await session.load()
  return asDict(session)
}
