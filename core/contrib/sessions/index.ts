/** Sessions: what a view sees as `request.session`, and the contract of the engines that keep it. */
export { decodeSession, encodeSession } from './codec.ts'
export * from './data.ts'
export type { Device, Devices } from './devices/devices.ts'
export { devices, getSession, openSession, openSessionStore } from './engine.ts'
export {
  InvalidSessionKey,
  SessionConflict,
  SessionGone,
  SessionInterrupted,
  SessionNotLoaded,
  SessionTooBig,
} from './exceptions.ts'
export { sessionExempt } from './exempt.ts'
export type { Expiry } from './expiry.ts'
export { newSessionKey } from './keys.ts'
export { type Session, SessionBase } from './session.ts'
export type {
  LoadedSession,
  SavedSession,
  SessionDict,
  SessionRecord,
  SessionStore,
  SessionStoreClass,
} from './store.ts'
