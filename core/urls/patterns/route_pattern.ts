/** The pattern of `path('posts/<int:pk>/', …)`: literals and converters. */
import { ImproperlyConfigured } from '#core/exceptions'
import { didYouMean, joinWithAnd } from '#core/utils'
import { type Converter, getConverters, valueOf } from './converters.ts'
import type { MatchedStart, PathPattern, Template } from './pattern.ts'
import { fromPython } from './python_regex.ts'

interface Parameter {
  readonly name: string
  readonly converter: Converter
}

const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
/** Escapes like Python's `re.escape`, for messages that equal Django's. */
const escapedForPython = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}\-&~#\s]/g, '\\$&')

function wrong(route: string, what: string): ImproperlyConfigured {
  return new ImproperlyConfigured(`URL route '${route}' ${what}`)
}

function converterNamed(name: string, route: string): Converter {
  const known = getConverters()
  const converter = known.get(name)
  if (converter === undefined) {
    throw wrong(
      route,
      `uses invalid converter '${name}'. There are: ${joinWithAnd(known.keys())}.${didYouMean(name, known.keys())}`,
    )
  }
  return converter
}

/** Each `<name>` and `<converter:name>` of a route. */
function* parametersIn(route: string): Generator<{ whole: string; converter: string; name: string; index: number }> {
  let index = route.indexOf('<')
  while (index >= 0) {
    const end = route.indexOf('>', index)
    if (end < 0) return
    const inside = route.slice(index + 1, end)
    const colon = inside.indexOf(':')
    const hasConverter = colon > 0 && colon < inside.length - 1
    if (inside !== '') {
      const converter = hasConverter ? inside.slice(0, colon) : 'str'
      yield {
        whole: route.slice(index, end + 1),
        converter,
        name: hasConverter ? inside.slice(colon + 1) : inside,
        index,
      }
    }
    index = route.indexOf('<', end)
  }
}

/** The route's literals and parameters, in order. */
function partsOf(route: string): (string | Parameter)[] {
  const parts: (string | Parameter)[] = []
  const names = new Set<string>()
  let end = 0
  for (const { whole, converter, name, index } of parametersIn(route)) {
    if (/\s/u.test(whole)) throw wrong(route, 'cannot contain whitespace in angle brackets <…>.')
    if (!IDENTIFIER.test(name)) throw wrong(route, `uses parameter name '${name}', which is no identifier.`)
    if (names.has(name)) throw wrong(route, `uses parameter name '${name}' more than once.`)
    names.add(name)
    parts.push(route.slice(end, index), { name, converter: converterNamed(converter, route) })
    end = index + whole.length
  }
  parts.push(route.slice(end))
  return parts.filter((part) => part !== '')
}

export class RoutePattern implements PathPattern {
  readonly text: string
  readonly regexText: string
  readonly templates: readonly Template[]
  readonly literalSegments: readonly string[]
  readonly #isEndpoint: boolean
  readonly #parameters: readonly Parameter[]
  readonly #regex: RegExp | undefined

  /** @param isEndpoint whether it is for a view, so that it must match the whole path */
  constructor(route: string, isEndpoint: boolean) {
    const parts = partsOf(route)
    this.text = route
    this.templates = [parts]
    this.#isEndpoint = isEndpoint
    this.#parameters = parts.filter((part) => typeof part !== 'string')
    this.#regex = this.#parameters.length === 0 ? undefined : this.#compile(parts)
    this.regexText = parts.map(regexTextOf).join('') + (isEndpoint ? '\\Z' : '')
    const [literal] = parts
    const segments = (typeof literal === 'string' ? literal : '').split('/')
    // A last segment without a slash may continue in the parameter or in an included route.
    this.literalSegments = isEndpoint && this.#regex === undefined ? segments : segments.slice(0, -1)
  }

  get isLiteral(): boolean {
    return this.#regex === undefined
  }

  match(path: string): MatchedStart | undefined {
    if (this.#regex === undefined) return this.#matchLiteral(path)
    const found = this.#regex.exec(path)
    if (found === null) return undefined
    const kwargs: Record<string, unknown> = {}
    for (const [i, { name, converter }] of this.#parameters.entries()) {
      const value = valueOf(converter, found.groups?.[`p${i}`] as string)
      if (value === undefined) return undefined
      kwargs[name] = value
    }
    return { rest: path.slice(found[0].length), args: [], kwargs }
  }

  #matchLiteral(path: string): MatchedStart | undefined {
    const isMatch = this.#isEndpoint ? path === this.text : path.startsWith(this.text)
    return isMatch ? { rest: path.slice(this.text.length), args: [], kwargs: {} } : undefined
  }

  #compile(parts: readonly (string | Parameter)[]): RegExp {
    const sources = parts.map((part) => (typeof part === 'string' ? escaped(part) : this.#groupOf(part)))
    try {
      return new RegExp(`^${sources.join('')}${this.#isEndpoint ? '$' : ''}`, 'u')
    } catch (error) {
      throw wrong(this.text, `has a converter whose regex cannot be used: ${(error as Error).message}`)
    }
  }

  // Named by position, so that groups in a converter's regex cannot be mistaken for parameters.
  #groupOf(parameter: Parameter): string {
    return `(?<p${this.#parameters.indexOf(parameter)}>${fromPython(parameter.converter.regex).source})`
  }
}

function regexTextOf(part: string | Parameter): string {
  return typeof part === 'string' ? escapedForPython(part) : `(?P<${part.name}>${part.converter.regex})`
}
