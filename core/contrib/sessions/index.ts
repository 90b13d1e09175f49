/** Sessions: what a view sees as `request.session`, and the contract of the engines that keep it. */
export { decodeSession, encodeSession } from './codec.ts'
export { getSession, openSession, openSessionStore, type SessionExtension } from './store_loader.ts'
export {
  InvalidSessionKey,
  SessionConflict,
  SessionGone,
  SessionInterrupted,
  SessionMoved,
  SessionNotLoaded,
  SessionTooBig,
} from './exceptions.ts'
export { sessionExempt } from './middleware.ts'
export type { Expiry } from './expiry.ts'
export {
  canLoadSync,
  type LoadedSession,
  newSessionKey,
  savedSession,
  type SavedSession,
  type SessionDict,
  type SessionMetadata,
  type SessionRecord,
  type SessionStore,
  type SessionStoreClass,
  type SyncSessionStore,
} from './store.ts'
export { type Session, SessionBase } from './session.ts'
export * from './session_data.ts'
export { USER_BACKEND_KEY, USER_HASH_KEY, USER_ID_KEY } from './moved_session.ts'
export { peekSession, rotateKey } from './session_proxy.ts'
