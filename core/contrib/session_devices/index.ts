/** The sessions of a user: `devices.list()`, `devices.end()`. Requires this app in INSTALLED_APPS. */
import { openSessionStore } from '#core/contrib/sessions'
import { Devices } from './devices.ts'

export type { Device, Devices } from './devices.ts'

/** The sessions of the project's users. */
export const devices = new Devices(openSessionStore)
