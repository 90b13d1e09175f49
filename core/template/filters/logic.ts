/** Filters that choose or mark: default, yesno, safe, escape, json_script. */
import { inspect } from 'node:util'
import { jsonOf, stringify, stringOf } from '../stringify.ts'
import type { Filter } from '../filter.ts'
import { handlePromisesIn } from '../promises.ts'
import { conditionalEscape, escapeHtml, markSafe } from '../safe.ts'
import { isTrue } from '../syntax/condition.ts'
import { seesMarks } from './kinds.ts'

/** `yes,no,maybe`: for true, false and null. */
function yesNo(value: unknown, argument: unknown = 'yes,no,maybe'): unknown {
  const [yes, no, maybe = no] = stringOf(argument).split(',')
  if (no === undefined) return value
  return value === null || value === undefined ? maybe : isTrue(value) ? yes : no
}

/** JSON has no bigint: a script reads every number of it as a float. */
const asNumber = (entry: unknown): unknown => (typeof entry === 'bigint' ? Number(entry) : entry)

const IN_SCRIPT: Readonly<Record<string, string>> = { '<': '\\u003C', '>': '\\u003E', '&': '\\u0026' }

/** A value as JSON in a script element that a page's own scripts can read; nothing in it can end the element. */
function jsonScript(value: unknown, id: unknown): unknown {
  const json = (jsonOf(value, asNumber) ?? 'null').replace(/[<>&]/g, (character) => IN_SCRIPT[character] as string)
  const attribute = id === undefined ? '' : ` id="${escapeHtml(stringOf(id))}"`
  return markSafe(`<script${attribute} type="application/json">${json}</script>`)
}

export const logicFilters: Readonly<Record<string, Filter>> = {
  default: seesMarks((value, argument) => (isTrue(value) ? value : argument)),
  default_if_none: seesMarks((value, argument) => (value === null ? argument : value)),
  escape: seesMarks((value) => conditionalEscape(stringify(value))),
  force_escape: (value) => markSafe(escapeHtml(stringify(value))),
  json_script: jsonScript,
  pprint: (value) => {
    handlePromisesIn([value])
    return inspect(value, { depth: 4 })
  },
  safe: (value) => markSafe(stringify(value)),
  yesno: yesNo,
}
