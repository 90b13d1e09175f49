/** The load generators: wrk if it is installed, otherwise autocannon. */
import { isInstalled } from '../processes.ts'
import { autocannon } from './autocannon.ts'
import type { Generator } from './contract.ts'
import { wrk } from './wrk.ts'

export type { Generator, LoadResult, Plan } from './contract.ts'

export const GENERATORS: Readonly<Record<string, Generator>> = { wrk, autocannon }

export const generator = (): Generator => (isInstalled('wrk') ? wrk : autocannon)
