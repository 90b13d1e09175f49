/** For tests of a project: a client, a factory of requests, other settings, a clock that stands still. */
export { overrideSettings } from '#core/conf'
export { Client, type ClientResponse, type SetCookie } from './client.ts'
export { type OpenStore, type SessionEngineOptions, sessionEngineTests } from './session_engine.ts'
export { type SessionRaceOptions, sessionRaceTests } from './session_race.ts'
export { stopClock, StoppedClock } from '#core/utils'
export { type Fields, RequestFactory, type RequestOptions } from './request_factory.ts'
