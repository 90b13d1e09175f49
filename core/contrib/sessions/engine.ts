/** The engine that SESSION_ENGINE names, and sessions on it. */
import { apps } from '#core/apps'
import { cachedFromSettings, loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { type HttpRequest, parseCookies } from '#core/http'
import { importModule, importName, joinWithAnd } from '#core/utils'
import { Devices } from './devices/devices.ts'
import { IndexedStore } from './devices/indexed_store.ts'
import { SessionIndex } from './devices/session_index.ts'
import { createSessionProxy } from './face.ts'
import { TimeoutStore } from './outage.ts'
import { type Session, SessionBase } from './session.ts'
import type { SessionStore, SessionStoreClass } from './store.ts'

const REQUIRED = ['load', 'create', 'update', 'delete'] as const

const engine = loadedFromSettings(['SESSION_ENGINE'], async () => {
  const name = settings.SESSION_ENGINE
  const module = await importModule(name, { setting: 'SESSION_ENGINE', root: projectRoot() })
  const { SessionStore } = module
  if (typeof SessionStore !== 'function') {
    throw new ImproperlyConfigured(
      `SESSION_ENGINE names '${name}', which exports no class SessionStore. It exports: ${joinWithAnd(Object.keys(module))}.`,
    )
  }
  const { prototype } = SessionStore as { prototype?: Partial<Record<string, unknown>> }
  const absent = REQUIRED.filter((method) => typeof prototype?.[method] !== 'function')
  if (absent.length > 0) {
    throw new ImproperlyConfigured(`SESSION_ENGINE names '${name}', whose SessionStore has no ${joinWithAnd(absent)}.`)
  }
  return SessionStore as SessionStoreClass
})

const store = cachedFromSettings(
  [
    'SESSION_ENGINE',
    'SESSION_CACHE_ALIAS',
    'SESSION_FILE_PATH',
    'SESSION_COOKIE_NAME',
    'SESSION_STORE_TIMEOUT',
    'CACHES',
    'DATABASES',
  ],
  (): SessionStore => {
    const sessions = new (engine())()
    const withDevices = apps.isInstalled('core.contrib.sessions.devices')
    return new TimeoutStore(withDevices ? new IndexedStore(sessions, new SessionIndex()) : sessions)
  },
)

/** What to note of a device: nothing, unless SESSION_DEVICE_DESCRIPTION names a function. */
export const deviceDescription = loadedFromSettings(['SESSION_DEVICE_DESCRIPTION'], async () => {
  const name = settings.SESSION_DEVICE_DESCRIPTION
  if (name === null) return undefined
  const found = await importName(name, { setting: 'SESSION_DEVICE_DESCRIPTION', root: projectRoot() })
  if (typeof found === 'function') return found as (request: HttpRequest) => string
  throw new ImproperlyConfigured(`SESSION_DEVICE_DESCRIPTION names '${name}', which is not a function.`)
})

/** The store of this project's sessions, as SESSION_ENGINE says. */
export const openSessionStore = (): SessionStore => store()

/** The sessions of users, where INSTALLED_APPS has core.contrib.sessions.devices. */
export const devices = new Devices(openSessionStore)

/** The session of a key on a store; without a key, a new one that is not kept anywhere yet. */
export const openSession = (sessions: SessionStore, key?: string | null): Session =>
  createSessionProxy(new SessionBase(sessions, key))

/**
 * The session of a Cookie header, loaded, for code outside a request: a WebSocket's handshake, a job.
 * @param cookieHeader the header's value; without the session's cookie in it, an empty session
 */
export async function getSession(cookieHeader: string | undefined): Promise<Session> {
  const session = new SessionBase(openSessionStore(), parseCookies(cookieHeader ?? '')[settings.SESSION_COOKIE_NAME])
  if (session.needsFetch) await session.load()
  return createSessionProxy(session)
}
