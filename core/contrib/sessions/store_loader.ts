/** The engine that SESSION_ENGINE names, and sessions on it. */
import { type AppConfig, apps } from '#core/apps'
import { cachedFromSettings, classWith, loadedFromSettings, loadNamed, settings } from '#core/conf'
import { type HttpRequest, parseCookies } from '#core/http'
import { type Session, SessionBase } from './session.ts'
import { createSessionProxy } from './session_proxy.ts'
import { SessionState } from './session_state.ts'
import { TimeoutStore } from './timeout_store.ts'
import type { SessionMetadata, SessionStore, SessionStoreClass } from './store.ts'

const STORE = classWith<SessionStoreClass>('load', 'create', 'update', 'delete')

const engine = loadedFromSettings('SESSION_ENGINE', () =>
  loadNamed('SESSION_ENGINE', settings.SESSION_ENGINE, STORE, { exportName: 'SessionStore' }),
)

/**
 * What an installed app may add to sessions, as methods of its AppConfig. The session core does not know the apps
 * that do so.
 */
export interface SessionExtension {
  /** Wraps the store of SESSION_ENGINE. The first app of INSTALLED_APPS is innermost. */
  decorateSessionStore?(store: SessionStore): SessionStore
  /** Strings about a request, for `SessionRecord.metadata`. Called only when a store asks for them. */
  sessionMetadata?(request: HttpRequest): SessionMetadata
}

const extensions = (): readonly (AppConfig & SessionExtension)[] => apps.getAppConfigs()

const store = cachedFromSettings((): SessionStore => {
  const decorated = extensions().reduce<SessionStore>(
    (inner, app) => app.decorateSessionStore?.(inner) ?? inner,
    new (engine())(),
  )
  return new TimeoutStore(decorated)
})

/** The metadata of a request's session record, or undefined where no installed app describes requests. */
export function metadataSource(): ((request: HttpRequest) => SessionMetadata) | undefined {
  const describing = extensions().filter((app) => app.sessionMetadata !== undefined)
  if (describing.length === 0) return undefined
  return (request) => Object.assign({}, ...describing.map((app) => app.sessionMetadata?.(request)))
}

/** The store of this project's sessions, as SESSION_ENGINE says. */
export const openSessionStore = (): SessionStore => store()

const stateFor = (sessions: SessionStore, key: string | null | undefined): SessionState =>
  new SessionState(sessions, key, () => settings.SESSION_COOKIE_AGE)

/** The session of a key on a store. Without a key, a new session that is not stored yet. */
export const openSession = (sessions: SessionStore, key?: string | null): Session =>
  createSessionProxy(new SessionBase(stateFor(sessions, key)))

/**
 * The session of a Cookie header, loaded, for code outside a request: a WebSocket handshake, a job.
 * @param cookieHeader the header's value; an empty session where it has no session cookie
 */
export async function getSession(cookieHeader: string | undefined): Promise<Session> {
  const state = stateFor(openSessionStore(), parseCookies(cookieHeader ?? '')[settings.SESSION_COOKIE_NAME])
  const session = createSessionProxy(new SessionBase(state))
  if (state.needsFetch) await session.load()
  return session
}
