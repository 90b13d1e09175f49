/**
 * The switch that turns all fast paths off, for tests and for diagnosis.
 *
 * A fast path is a second implementation in a directory `fast/`, next to a plain one that does the same. The environment
 * variable `NUAGES_FAST_PATHS` is read once, when this module is loaded: `off` selects the plain implementations.
 */

export const FAST_PATHS_VARIABLE = 'NUAGES_FAST_PATHS'

/** Whether the implementations in `fast/` are used. */
export const fastPaths: boolean = process.env[FAST_PATHS_VARIABLE] !== 'off'

/** What is wrong with a value of the variable, as a phrase that follows its name. Undefined if nothing is. */
export function fastPathsProblem(value: string | undefined): string | undefined {
  if (value === undefined || value === 'on' || value === 'off') return undefined
  return `expected on or off, found '${value}'`
}
