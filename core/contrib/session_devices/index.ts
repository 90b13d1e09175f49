/** The sessions of a user: `devices.list()`, `devices.end()`. Needs `core.contrib.session_devices` in INSTALLED_APPS. */
import { openSessionStore } from '#core/contrib/sessions'
import { Devices } from './devices.ts'

export type { Device, Devices } from './devices.ts'

/** The sessions of this project's users. */
export const devices = new Devices(openSessionStore)
