/** Parses and evaluates expressions: a constant or a variable, dots, and filters: `user.name|default:"nobody"`. */
import type { Context } from '../context.ts'
import { markSafe, SafeString, toHtml, unwrapSafe } from '../safe.ts'
import type { Expression, Filter } from '../library.ts'
import { refusePromise } from '../promises.ts'
import { callIfFunction, lookupMember } from './lookup.ts'

/** The filters that an expression can use. */
export interface Filters {
  filter(name: string): Filter | undefined
  /** ` Did you mean …?` for an unknown filter. */
  suggestFilter(name: string): string
}

interface FilterCall {
  readonly name: string
  readonly filter: Filter
  readonly argument: Operand | undefined
}

/** Evaluates a constant or a variable; undefined for a missing variable. */
type Operand = (context: Context) => unknown

const STRING = String.raw`"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'`
const QUOTED = new RegExp(String.raw`_\((${STRING})\)|(${STRING})`, 'y')
const NUMBER = /[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])/y
const PATH = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*(?:\.[\w\u0080-\uffff]+)*/y
const DOTS = /(?:\.[\w\u0080-\uffff]+)+/y
const PIPE = /\s*\|\s*(\w+)(:)?/y

class ExpressionParser {
  readonly #source: string
  readonly #filters: Filters
  #at = 0

  constructor(source: string, filters: Filters) {
    this.#source = source
    this.#filters = filters
  }

  parse(): { operand: Operand; calls: FilterCall[] } {
    const operand = this.#operand()
    const calls: FilterCall[] = []
    for (let match = this.#take(PIPE); match !== null; match = this.#take(PIPE)) {
      const [, name = '', colon] = match
      const filter = this.#filters.filter(name)
      if (filter === undefined) {
        throw new SyntaxError(
          `There is no filter '${name}'.${this.#filters.suggestFilter(name)} Is its library loaded?`,
        )
      }
      calls.push({ name, filter, argument: colon === undefined ? undefined : this.#operand() })
    }
    if (this.#at < this.#source.length) {
      throw new SyntaxError(`'${this.#source.slice(this.#at)}' in '${this.#source}' cannot be understood.`)
    }
    return { operand, calls }
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#source)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }

  #operand(): Operand {
    const number = this.#take(NUMBER)
    if (number !== null) return this.#constant(Number(number[0]))
    const string = this.#take(QUOTED)
    if (string !== null) {
      const quoted = (string[1] ?? string[2]) as string
      // As in Django, a string literal is safe, because the template's author wrote it.
      return this.#constant(markSafe(quoted.slice(1, -1).replace(/\\(["'\\])/g, '$1')))
    }
    const path = this.#take(PATH)
    if (path === null) {
      throw new SyntaxError(
        this.#at >= this.#source.length
          ? `'${this.#source}' ends where a variable or a constant is expected.`
          : `'${this.#source.slice(this.#at)}' in '${this.#source}' cannot be understood.`,
      )
    }
    return variable(path[0])
  }

  #constant(value: unknown): Operand {
    const dots = this.#take(DOTS)
    if (dots === null) return () => value
    const names = dots[0].slice(1).split('.')
    return () => names.reduce((at: unknown, name) => lookupMember(at, name), unwrapSafe(value))
  }
}

function variable(path: string): Operand {
  const [first = '', ...rest] = path.split('.')
  return (context) => {
    let value = callIfFunction(context.get(first), undefined)
    for (const name of rest) {
      // A property of a promise would be undefined, and the missing `await` would go unnoticed.
      if (value instanceof Promise) break
      value = lookupMember(value, name)
    }
    return refusePromise(value, `'${path}'`)
  }
}

function applyFilter({ name, filter, argument }: FilterCall, value: unknown, context: Context): unknown {
  const pass = filter.receivesSafeStrings === true ? (given: unknown) => given : unwrapSafe
  const result = filter(pass(value), argument === undefined ? undefined : pass(argument(context)), context)
  if (typeof result === 'object') return refusePromise(result, `The result of the filter '${name}'`)
  return filter.isSafe === true && value instanceof SafeString && typeof result === 'string' ? markSafe(result) : result
}

/** @throws SyntaxError with a sentence, without the position in the template */
export function parseExpression(source: string, filters: Filters): Expression {
  const { operand, calls } = new ExpressionParser(source, filters).parse()
  const resolve = (context: Context, missingIsNull = false): unknown => {
    let value = operand(context)
    if (value === undefined) {
      const { stringIfInvalid } = context.engine
      // As in Django, filters are not applied to string_if_invalid.
      if (!missingIsNull && stringIfInvalid !== '') return stringIfInvalid.replaceAll('%s', source)
      value = missingIsNull ? null : ''
    }
    for (const call of calls) value = applyFilter(call, value, context)
    return value
  }
  return {
    source,
    resolve,
    print: (context) => toHtml(resolve(context), context.autoescape),
  }
}
