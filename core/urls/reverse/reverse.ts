/** `Reverser`: builds the path for a name and arguments. */
import { isDeepStrictEqual } from 'node:util'
import type { View } from '#core/http'
import { fastPaths } from '#core/utils'
import { textOf } from '../patterns/converters.ts'
import { NoReverseMatch } from '../errors.ts'
import { behind, type Candidate, type Names, namesOf } from '../resolve/names.ts'
import { type PathPattern, slotNames, type Template } from '../patterns/pattern.ts'
import { rememberNames } from '../fast/lookups.ts'
import { escapeLeadingSlashes, pythonText, pythonTuple, quotePath } from './quoting.ts'
import type { URLResolver } from '../resolve/resolver.ts'

type Kwargs = Readonly<Record<string, unknown>>

/** A name without its namespaces, and its candidates in the resolved namespace. */
interface LookedUp {
  readonly name: string | View
  readonly candidates: readonly Candidate[]
}

/** The instance namespace for a part of a name: the part itself, or an instance of the application of that name. */
function instanceFor(part: string, current: string | undefined, instances: readonly string[] | undefined): string {
  if (instances === undefined) return part
  if (current !== undefined && instances.includes(current)) return current
  return instances.includes(part) ? part : (instances[0] ?? part)
}

function lookUp(resolver: URLResolver, fullName: string, currentApp: string | undefined): LookedUp {
  const parts = fullName.split(':')
  const name = parts.pop() as string
  let current = currentApp === undefined || currentApp === '' ? [] : currentApp.split(':')
  let names: Names = namesOf(resolver)
  const patterns: PathPattern[] = []
  const resolved: string[] = []
  for (const part of parts) {
    const currentPart = current.shift()
    const instance = instanceFor(part, currentPart, names.apps.get(part))
    if (instance !== currentPart) current = []
    const namespace = names.namespaces.get(instance)
    if (namespace === undefined) {
      const inside = resolved.length === 0 ? '' : ` inside '${resolved.join(':')}'`
      throw new NoReverseMatch(`${pythonText(instance)} is not a registered namespace${inside}`)
    }
    resolved.push(instance)
    patterns.push(...namespace.patterns)
    names = namesOf(namespace.resolver)
  }
  return { name, candidates: (names.candidates.get(name) ?? []).map((each) => behind(patterns, each)) }
}

/** The values for a template's slots; undefined if the arguments do not match it. */
function valuesFor(template: Template, args: readonly unknown[], kwargs: Kwargs, defaults: Kwargs): Kwargs | undefined {
  const places = slotNames(template)
  if (args.length > 0) {
    if (args.length !== places.length) return undefined
    return Object.fromEntries(places.map((name, i) => [name, args[i]]))
  }
  const known = (name: string): boolean => Object.hasOwn(kwargs, name) || Object.hasOwn(defaults, name)
  if (!places.every(known)) return undefined
  if (!Object.keys(kwargs).every((name) => places.includes(name) || Object.hasOwn(defaults, name))) return undefined
  const all = { ...defaults, ...kwargs }
  const isSame = (name: string): boolean => places.includes(name) || isDeepStrictEqual(all[name], defaults[name])
  return Object.keys(defaults).every(isSame) ? all : undefined
}

/** The unencoded path of a template with these values; undefined if a value has no string form. */
function filled(template: Template, values: Kwargs): string | undefined {
  const names = slotNames(template)
  let path = ''
  for (const part of template) {
    const text = typeof part === 'string' ? part : textOf(part.converter, values[names.shift() as string])
    if (text === undefined) return undefined
    path += text
  }
  return path
}

/** Whether a path matches all patterns. An invalid value would give a path that does not resolve to the view. */
function matchesAll(patterns: readonly PathPattern[], path: string): boolean {
  let rest: string | undefined = path
  for (const pattern of patterns) {
    rest = pattern.match(rest)?.rest
    if (rest === undefined) return false
  }
  return true
}

function noMatch({ name, candidates }: LookedUp, args: readonly unknown[], kwargs: Kwargs): NoReverseMatch {
  const shownName = typeof name === 'string' ? name : name.name
  if (candidates.length === 0) {
    return new NoReverseMatch(
      `Reverse for '${shownName}' not found. '${shownName}' is not a valid view function or pattern name.`,
    )
  }
  let given = 'no arguments'
  if (args.length > 0) given = `arguments '${pythonTuple(args)}'`
  else if (Object.keys(kwargs).length > 0) given = `keyword arguments '${pythonText(kwargs)}'`
  const tried = pythonText(candidates.map(({ regexText }) => regexText))
  return new NoReverseMatch(
    `Reverse for '${shownName}' with ${given} not found. ${candidates.length} pattern(s) tried: ${tried}`,
  )
}

/** Reverses the names below one root. */
export class Reverser {
  readonly #root: URLResolver
  readonly #lookUp: (name: string, currentApp: string | undefined) => LookedUp

  constructor(root: URLResolver) {
    this.#root = root
    const find = (name: string, currentApp: string | undefined): LookedUp => lookUp(root, name, currentApp)
    this.#lookUp = fastPaths ? rememberNames(find) : find
  }

  /**
   * Builds the percent-encoded path for a name, with the prefix.
   * @param prefix with a leading and a trailing slash
   * @throws NoReverseMatch if no pattern has the name and accepts the arguments
   * @throws TypeError if both args and kwargs are given
   */
  reverse(
    name: string | View,
    args: readonly unknown[],
    kwargs: Kwargs,
    { prefix, currentApp }: { prefix: string; currentApp: string | undefined },
  ): string {
    const given = Object.fromEntries(Object.entries(kwargs).filter(([, value]) => value !== undefined))
    if (args.length > 0 && Object.keys(given).length > 0) {
      throw new TypeError("Don't mix args and kwargs in call to reverse()!")
    }
    const found = this.#candidatesOf(name, currentApp)
    for (const { templates, patterns, defaults } of found.candidates) {
      for (const template of templates) {
        const values = valuesFor(template, args, given, defaults)
        const path = values === undefined ? undefined : filled(template, values)
        if (path !== undefined && matchesAll(patterns, path)) return escapeLeadingSlashes(quotePath(prefix + path))
      }
    }
    throw noMatch(found, args, given)
  }

  #candidatesOf(name: string | View, currentApp: string | undefined): LookedUp {
    if (typeof name === 'string') return this.#lookUp(name, currentApp)
    return { name, candidates: namesOf(this.#root).candidates.get(name) ?? [] }
  }
}
