/** System checks: what a message is, `register`, and `runChecks`. */
import { CheckRegistry } from './registry.ts'
export {
  type Check,
  type CheckLevel,
  CheckMessage,
  CheckRegistry,
  Critical,
  Debug,
  Error,
  Info,
  isSilenced,
  LEVELS,
  Warning,
} from './registry.ts'

/** The checks of this process. */
export const checks = new CheckRegistry()

export const register = checks.register.bind(checks)
export const runChecks = checks.run.bind(checks)
