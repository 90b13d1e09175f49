/** Django's expressions: a constant or a variable, dots, and filters with an argument: `user.name|default:"nobody"`. */
import type { Context } from '../context.ts'
import { stringify } from '../stringify.ts'
import type { Filter } from '../filter.ts'
import { refusePromise } from '../promises.ts'
import { conditionalEscape, markSafe, SafeString, unmarked } from '../safe.ts'
import { called, member } from './lookup.ts'

export interface Expression {
  /** As it stands in the template. */
  readonly text: string
  /**
   * The value. A variable that is not there is an empty text, or string_if_invalid.
   * @param missingIsNull as `{% if %}` and `{% for %}` want it: what is not there is null
   */
  resolve(context: Context, missingIsNull?: boolean): unknown
  /** The value as HTML: escaped, unless it is marked or escaping is off. */
  print(context: Context): string
}

/** The filters that an expression may use. */
export interface Filters {
  filter(name: string): Filter | undefined
  /** ` Did you mean …?` for one that is not known. */
  nearFilter(name: string): string
}

interface FilterCall {
  readonly name: string
  readonly filter: Filter
  readonly argument: Operand | undefined
}

interface Operand {
  /** Undefined where there is nothing. */
  value(context: Context): unknown
}

const STRING = String.raw`"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'`
const TEXT = new RegExp(String.raw`_\((${STRING})\)|(${STRING})`, 'y')
const NUMBER = /[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])/y
const PATH = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*(?:\.[\w\u0080-\uffff]+)*/y
const DOTS = /(?:\.[\w\u0080-\uffff]+)+/y
const PIPE = /\s*\|\s*(\w+)(:)?/y

/** Reads one expression. */
class Reader {
  readonly #text: string
  readonly #filters: Filters
  #at = 0

  constructor(text: string, filters: Filters) {
    this.#text = text
    this.#filters = filters
  }

  read(): { operand: Operand; calls: FilterCall[] } {
    const operand = this.#operand()
    const calls: FilterCall[] = []
    for (let match = this.#take(PIPE); match !== null; match = this.#take(PIPE)) {
      const [, name = '', colon] = match
      const filter = this.#filters.filter(name)
      if (filter === undefined) {
        throw new SyntaxError(`There is no filter '${name}'.${this.#filters.nearFilter(name)} Is its library loaded?`)
      }
      calls.push({ name, filter, argument: colon === undefined ? undefined : this.#operand() })
    }
    if (this.#at < this.#text.length) {
      throw new SyntaxError(`'${this.#text.slice(this.#at)}' in '${this.#text}' cannot be understood.`)
    }
    return { operand, calls }
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }

  #operand(): Operand {
    const number = this.#take(NUMBER)
    if (number !== null) return this.#constant(Number(number[0]))
    const text = this.#take(TEXT)
    if (text !== null) {
      const quoted = (text[1] ?? text[2]) as string
      // As in Django, who writes a text into a template vouches for it.
      return this.#constant(markSafe(quoted.slice(1, -1).replace(/\\(["'\\])/g, '$1')))
    }
    const path = this.#take(PATH)
    if (path === null) {
      throw new SyntaxError(
        this.#at >= this.#text.length
          ? `'${this.#text}' ends where a variable or a constant should stand.`
          : `'${this.#text.slice(this.#at)}' in '${this.#text}' cannot be understood.`,
      )
    }
    return variable(path[0])
  }

  #constant(value: unknown): Operand {
    const dots = this.#take(DOTS)
    if (dots === null) return { value: () => value }
    const names = dots[0].slice(1).split('.')
    return { value: () => names.reduce((at: unknown, name) => member(at, name), unmarked(value)) }
  }
}

function variable(path: string): Operand {
  const [first = '', ...rest] = path.split('.')
  return {
    value(context) {
      let value = called(context.get(first), undefined)
      for (const name of rest) {
        // The attribute of a promise would be undefined, which would hide that the promise was not awaited.
        if (value instanceof Promise) break
        value = member(value, name)
      }
      return refusePromise(value, `'${path}'`)
    },
  }
}

function applied({ name, filter, argument }: FilterCall, value: unknown, context: Context): unknown {
  const see = filter.seesMarks === true ? (given: unknown) => given : unmarked
  const result = filter(see(value), argument === undefined ? undefined : see(argument.value(context)), context)
  if (typeof result === 'object') return refusePromise(result, `What the filter '${name}' returns`)
  return filter.isSafe === true && value instanceof SafeString && typeof result === 'string' ? markSafe(result) : result
}

/**
 * Reads an expression.
 * @throws SyntaxError with a sentence, without the position in the template
 */
export function readExpression(text: string, filters: Filters): Expression {
  const { operand, calls } = new Reader(text, filters).read()
  const resolve = (context: Context, missingIsNull = false): unknown => {
    let value = operand.value(context)
    if (value === undefined) {
      const { stringIfInvalid } = context.templates
      // As in Django, filters see a missing variable only where it prints nothing.
      if (!missingIsNull && stringIfInvalid !== '') return stringIfInvalid.replaceAll('%s', text)
      value = missingIsNull ? null : ''
    }
    for (const call of calls) value = applied(call, value, context)
    return value
  }
  return {
    text,
    resolve,
    print(context) {
      const value = stringify(resolve(context))
      return context.autoescape ? conditionalEscape(value).toString() : String(value)
    },
  }
}
