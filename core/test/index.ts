/** Test utilities: a client, a request factory, settings overrides, a stopped clock, and tests for session engines. */
export { overrideSettings } from '#core/conf'
export { Client, type ClientResponse, type SetCookie } from './client.ts'
export { type OpenStore, type SessionEngineOptions, sessionEngineTests } from './session_engine.ts'
export { type SessionRaceOptions, sessionRaceTests } from './session_race.ts'
export { stopClock, StoppedClock } from '#core/utils'
export { type Fields, RequestFactory, type RequestOptions } from './request_factory.ts'
