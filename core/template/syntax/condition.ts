/** The condition of `{% if %}`: `a and not b or c|length > 2 and d in e`, with Python's precedence. */
import { unmarked } from '../safe.ts'
import { isPlainObject } from './lookup.ts'
import type { Context } from '../context.ts'
import type { Expression } from './expression.ts'

// What Django's templates take for true, equal, smaller and contained.

/** Python's truth: empty texts, lists, maps, sets and plain objects are false, and so is 0. */
export function isTrue(given: unknown): boolean {
  const value = unmarked(given)
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map || value instanceof Set || value instanceof URLSearchParams) return value.size > 0
  return isPlainObject(value) ? Object.keys(value).length > 0 : Boolean(value)
}

/** Equal by value: texts whether marked or not, dates, lists entry by entry. Nothing equals nothing. */
export function isEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [unmarked(left), unmarked(right)]
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

/** Negative, 0 or positive as `left` comes before, with or after `right`; NaN where they have no order. */
export function compare(left: unknown, right: unknown): number {
  const [a, b] = [unmarked(left), unmarked(right)]
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : a === b || Number(a) === Number(b) ? 0 : Number.NaN
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  return Number.NaN
}

/** Python's `in`: a part of a text, an entry of a list or set, a key of a map or object. */
function isIn(entry: unknown, given: unknown): boolean {
  const container = unmarked(given)
  if (typeof container === 'string') return typeof unmarked(entry) === 'string' && container.includes(String(entry))
  if (typeof container !== 'object' || container === null) return false
  if (container instanceof Map || container instanceof URLSearchParams)
    return container.has(String(entry)) || isKey(container, entry)
  if (Symbol.iterator in container) return [...(container as Iterable<unknown>)].some((each) => isEqual(each, entry))
  return Object.hasOwn(container, String(entry))
}

const isKey = (container: object, entry: unknown): boolean => container instanceof Map && container.has(unmarked(entry))

/** Gives what Python's expression gives: of `or` and `and` one of the operands, else true or false. */
export type Condition = (context: Context) => unknown

interface Operator {
  readonly precedence: number
  make(left: Condition, right: Condition): Condition
}

const infix = (precedence: number, test: (left: unknown, right: unknown) => boolean): Operator => ({
  precedence,
  make: (left, right) => (context) => test(left(context), right(context)),
})

const isSame = (a: unknown, b: unknown): boolean => unmarked(a ?? null) === unmarked(b ?? null)

const OPERATORS: Readonly<Record<string, Operator>> = {
  or: {
    precedence: 6,
    make: (left, right) => (context) => {
      const value = left(context)
      return isTrue(value) ? value : right(context)
    },
  },
  and: {
    precedence: 7,
    make: (left, right) => (context) => {
      const value = left(context)
      return isTrue(value) ? right(context) : value
    },
  },
  in: infix(9, isIn),
  'not in': infix(9, (a, b) => !isIn(a, b)),
  is: infix(10, isSame),
  'is not': infix(10, (a, b) => !isSame(a, b)),
  '==': infix(10, isEqual),
  '!=': infix(10, (a, b) => !isEqual(a, b)),
  '>': infix(10, (a, b) => compare(a, b) > 0),
  '>=': infix(10, (a, b) => compare(a, b) >= 0),
  '<': infix(10, (a, b) => compare(a, b) < 0),
  '<=': infix(10, (a, b) => compare(a, b) <= 0),
}
const NOT_PRECEDENCE = 8

/** `not in` and `is not` are one operator each. */
function joined(words: readonly string[]): string[] {
  const tokens: string[] = []
  for (const word of words) {
    const last = tokens.at(-1)
    if ((last === 'not' && word === 'in') || (last === 'is' && word === 'not')) tokens[tokens.length - 1] += ` ${word}`
    else tokens.push(word)
  }
  return tokens
}

/** Reads by precedence climbing: each call takes the operators that bind tighter than its caller's. */
class ConditionReader {
  readonly #tokens: readonly string[]
  readonly #expression: (text: string) => Expression
  #at = 0

  constructor(words: readonly string[], expression: (text: string) => Expression) {
    this.#tokens = joined(words)
    this.#expression = expression
  }

  read(): Condition {
    const condition = this.#climb(0)
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw new SyntaxError(`'${rest}' does not belong here: an operator is missing before it.`)
    return condition
  }

  #climb(least: number): Condition {
    let left = this.#operand()
    for (let operator = this.#operator(least); operator !== undefined; operator = this.#operator(least)) {
      this.#at++
      left = operator.make(left, this.#climb(operator.precedence))
    }
    return left
  }

  #operator(least: number): Operator | undefined {
    const token = this.#tokens[this.#at] ?? ''
    const operator = Object.hasOwn(OPERATORS, token) ? OPERATORS[token] : undefined
    return operator !== undefined && operator.precedence > least ? operator : undefined
  }

  #operand(): Condition {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new SyntaxError('The condition ends where a value should stand.')
    if (token === 'not') {
      const negated = this.#climb(NOT_PRECEDENCE)
      return (context) => !isTrue(negated(context))
    }
    if (Object.hasOwn(OPERATORS, token)) throw new SyntaxError(`'${token}' stands where a value should stand.`)
    const expression = this.#expression(token)
    return (context) => expression.resolve(context, true)
  }
}

/**
 * Reads a condition.
 * @throws SyntaxError with a sentence, without the position in the template
 */
export function readCondition(words: readonly string[], expression: (text: string) => Expression): Condition {
  return new ConditionReader(words, expression).read()
}
