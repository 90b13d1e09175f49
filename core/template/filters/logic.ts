/** Filters that choose a value or escape it: default, yesno, safe, escape, json_script. */
import { inspect } from 'node:util'
import { jsonOf, stringify, stringOf } from '../stringify.ts'
import type { Filter } from '../library.ts'
import { handlePromisesIn } from '../promises.ts'
import { conditionalEscape, escapeHtml, markSafe } from '../safe.ts'
import { isTruthy } from '../syntax/condition.ts'
import { receivesSafeStrings } from './base.ts'

/** Chooses from `yes,no,maybe` for true, false and null. */
function yesNo(value: unknown, argument: unknown = 'yes,no,maybe'): unknown {
  const [yes, no, maybe = no] = stringOf(argument).split(',')
  if (no === undefined) return value
  return value === null || value === undefined ? maybe : isTruthy(value) ? yes : no
}

/** JSON has no bigint. JavaScript reads every JSON number as a float. */
const bigintToNumber = (entry: unknown): unknown => (typeof entry === 'bigint' ? Number(entry) : entry)

const SCRIPT_ESCAPES: Readonly<Record<string, string>> = { '<': '\\u003C', '>': '\\u003E', '&': '\\u0026' }

/** Prints JSON in a script element. `<`, `>` and `&` are escaped, so that the value cannot end the element. */
function jsonScript(value: unknown, id: unknown): unknown {
  const json = (jsonOf(value, bigintToNumber) ?? 'null').replace(
    /[<>&]/g,
    (character) => SCRIPT_ESCAPES[character] as string,
  )
  const attribute = id === undefined ? '' : ` id="${escapeHtml(stringOf(id))}"`
  return markSafe(`<script${attribute} type="application/json">${json}</script>`)
}

export const logicFilters: Readonly<Record<string, Filter>> = {
  default: receivesSafeStrings((value, argument) => (isTruthy(value) ? value : argument)),
  default_if_none: receivesSafeStrings((value, argument) => (value === null ? argument : value)),
  escape: receivesSafeStrings((value) => conditionalEscape(stringify(value))),
  force_escape: (value) => markSafe(escapeHtml(stringify(value))),
  json_script: jsonScript,
  pprint: (value) => {
    handlePromisesIn([value])
    return inspect(value, { depth: 4 })
  },
  safe: (value) => markSafe(stringify(value)),
  yesno: yesNo,
}
