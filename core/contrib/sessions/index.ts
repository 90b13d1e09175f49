/** Sessions: what a view sees as `request.session`, and the contract of the engines that keep it. */
export { decodeSession, encodeSession } from './codec.ts'
export { getSession, openSession, openSessionStore, type SessionExtension } from './store_loader.ts'
export {
  InvalidSessionKey,
  SessionConflict,
  SessionGone,
  SessionInterrupted,
  SessionNotLoaded,
  SessionTooBig,
} from './exceptions.ts'
export { sessionExempt } from './middleware.ts'
export type { Expiry } from './expiry.ts'
export { newSessionKey } from './keys.ts'
export { type Session, SessionBase, type SessionData } from './session.ts'
export type {
  LoadedSession,
  SavedSession,
  SessionDict,
  SessionMetadata,
  SessionRecord,
  SessionStore,
  SessionStoreClass,
} from './store.ts'
