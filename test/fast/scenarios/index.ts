/** All scenarios on which both modes are compared. */
import type { AnyScenario } from '../scenario.ts'
import { cacheScenario } from './cache.ts'
import { functionScenario } from './functions.ts'
import { requestScenario } from './requests.ts'
import { sessionScenario } from './sessions.ts'
import { signingScenario } from './signing.ts'

export const scenarios = [
  signingScenario,
  functionScenario,
  requestScenario,
  cacheScenario,
  sessionScenario,
] as readonly unknown[] as readonly AnyScenario[]
