/** Parses and evaluates the condition of `{% if %}`: `a and not b or c|length > 2`, with Python's precedence. */
import { unwrapSafe } from '../safe.ts'
import { isPlainObject } from './lookup.ts'
import type { Context } from '../context.ts'
import type { Expression } from '../library.ts'

/** Python's truth: 0, null, and empty strings, lists, maps, sets and plain objects are false. */
export function isTruthy(given: unknown): boolean {
  const value = unwrapSafe(given)
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map || value instanceof Set || value instanceof URLSearchParams) return value.size > 0
  return isPlainObject(value) ? Object.keys(value).length > 0 : Boolean(value)
}

/** Compares by value: safe and plain strings, dates, numbers, lists entry by entry. Null and undefined are equal. */
export function isEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [unwrapSafe(left), unwrapSafe(right)]
  if (a === b) return true
  if (a === null || a === undefined) return b === null || b === undefined
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, i) => isEqual(entry, b[i]))
  }
  if (typeof a === 'bigint' || typeof b === 'bigint') return isNumber(a) && isNumber(b) && Number(a) === Number(b)
  return false
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

/** Negative, 0 or positive if `left` sorts before, with or after `right`; NaN if they have no order. */
export function compare(left: unknown, right: unknown): number {
  const [a, b] = [unwrapSafe(left), unwrapSafe(right)]
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : Number.NaN
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  return Number.NaN
}

/** Python's `in`: a substring, an entry of a list or set, a key of a map or object. */
function isIn(entry: unknown, given: unknown): boolean {
  const container = unwrapSafe(given)
  if (typeof container === 'string') return typeof unwrapSafe(entry) === 'string' && container.includes(String(entry))
  if (typeof container !== 'object' || container === null) return false
  if (container instanceof Map || container instanceof URLSearchParams)
    return container.has(String(entry)) || isKey(container, entry)
  if (Symbol.iterator in container) return [...(container as Iterable<unknown>)].some((each) => isEqual(each, entry))
  return Object.hasOwn(container, String(entry))
}

const isKey = (container: object, entry: unknown): boolean =>
  container instanceof Map && container.has(unwrapSafe(entry))

/** Evaluates a condition. As in Python, `or` and `and` return one of their operands. */
export type Condition = (context: Context) => unknown

interface Operator {
  readonly precedence: number
  make(left: Condition, right: Condition): Condition
}

const infix = (precedence: number, test: (left: unknown, right: unknown) => boolean): Operator => ({
  precedence,
  make: (left, right) => (context) => test(left(context), right(context)),
})

const isIdentical = (a: unknown, b: unknown): boolean => unwrapSafe(a ?? null) === unwrapSafe(b ?? null)

const OPERATORS: Readonly<Record<string, Operator>> = {
  or: {
    precedence: 6,
    make: (left, right) => (context) => {
      const value = left(context)
      return isTruthy(value) ? value : right(context)
    },
  },
  and: {
    precedence: 7,
    make: (left, right) => (context) => {
      const value = left(context)
      return isTruthy(value) ? right(context) : value
    },
  },
  in: infix(9, isIn),
  'not in': infix(9, (a, b) => !isIn(a, b)),
  is: infix(10, isIdentical),
  'is not': infix(10, (a, b) => !isIdentical(a, b)),
  '==': infix(10, isEqual),
  '!=': infix(10, (a, b) => !isEqual(a, b)),
  '>': infix(10, (a, b) => compare(a, b) > 0),
  '>=': infix(10, (a, b) => compare(a, b) >= 0),
  '<': infix(10, (a, b) => compare(a, b) < 0),
  '<=': infix(10, (a, b) => compare(a, b) <= 0),
}
const NOT_PRECEDENCE = 8

/** Joins the words of the operators `not in` and `is not`. */
function joinOperators(words: readonly string[]): string[] {
  const tokens: string[] = []
  for (const word of words) {
    const last = tokens.at(-1)
    if ((last === 'not' && word === 'in') || (last === 'is' && word === 'not')) tokens[tokens.length - 1] += ` ${word}`
    else tokens.push(word)
  }
  return tokens
}

/** Parses by precedence climbing: each call consumes the operators that bind tighter than those of its caller. */
class ConditionParser {
  readonly #tokens: readonly string[]
  readonly #expression: (source: string) => Expression
  #at = 0

  constructor(words: readonly string[], expression: (source: string) => Expression) {
    this.#tokens = joinOperators(words)
    this.#expression = expression
  }

  parse(): Condition {
    const condition = this.#climb(0)
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw new SyntaxError(`'${rest}' does not belong here: an operator is missing before it.`)
    return condition
  }

  #climb(minPrecedence: number): Condition {
    let left = this.#operand()
    for (let operator = this.#operator(minPrecedence); operator; operator = this.#operator(minPrecedence)) {
      this.#at++
      left = operator.make(left, this.#climb(operator.precedence))
    }
    return left
  }

  #operator(minPrecedence: number): Operator | undefined {
    const token = this.#tokens[this.#at] ?? ''
    const operator = Object.hasOwn(OPERATORS, token) ? OPERATORS[token] : undefined
    return operator !== undefined && operator.precedence > minPrecedence ? operator : undefined
  }

  #operand(): Condition {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new SyntaxError('The condition ends where a value is expected.')
    if (token === 'not') {
      const negated = this.#climb(NOT_PRECEDENCE)
      return (context) => !isTruthy(negated(context))
    }
    if (Object.hasOwn(OPERATORS, token)) throw new SyntaxError(`Found '${token}' where a value is expected.`)
    const expression = this.#expression(token)
    return (context) => expression.resolve(context, true)
  }
}

/** @throws SyntaxError with a sentence, without the position in the template */
export function parseCondition(words: readonly string[], expression: (source: string) => Expression): Condition {
  return new ConditionParser(words, expression).parse()
}
