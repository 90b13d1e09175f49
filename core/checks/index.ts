/** System checks: what a message is, `register`, and `runChecks`. */
import { CheckRegistry } from './registry.ts'

export { CheckMessage, Critical, Debug, Error, Info, LEVELS, Warning, type CheckLevel } from './messages.ts'
export { type Check, CheckRegistry, isSilenced } from './registry.ts'

/** The checks of this process. */
export const checks = new CheckRegistry()

export const register = checks.register.bind(checks)
export const runChecks = checks.run.bind(checks)
