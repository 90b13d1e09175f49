/** The names below a resolver, for `reverse`, with the combined patterns that lead to each. */
import type { View } from '#core/http'
import { combine, type PathPattern, type Template, URLPattern } from '../patterns/pattern.ts'
import { URLResolver } from './resolver.ts'

/** A pattern that has a name. */
export interface Candidate {
  /** The patterns that its URL must match, outermost first. */
  readonly patterns: readonly PathPattern[]
  readonly templates: readonly Template[]
  /** Kwargs of the pattern and its includes. `reverse` accepts them with the same value. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** The regular expression in Django's messages. */
  readonly regexText: string
}

/** A namespace below a resolver. */
export interface Namespace {
  /** The patterns that lead to it, outermost first. */
  readonly patterns: readonly PathPattern[]
  readonly resolver: URLResolver
}

export interface Names {
  /** By name or view. As in Django, the last pattern of the list is tried first. */
  readonly candidates: ReadonlyMap<string | View, readonly Candidate[]>
  readonly namespaces: ReadonlyMap<string, Namespace>
  /** The instance namespaces of each application, last one first. */
  readonly apps: ReadonlyMap<string, readonly string[]>
}

/** Prepends patterns to a candidate. */
export function behind(
  patterns: readonly PathPattern[],
  candidate: Candidate,
  kwargs: Readonly<Record<string, unknown>> = {},
): Candidate {
  if (patterns.length === 0) return candidate
  return {
    patterns: [...patterns, ...candidate.patterns],
    templates: combine([...patterns.map(({ templates }) => templates), candidate.templates]),
    defaults: { ...candidate.defaults, ...kwargs },
    regexText: patterns.map(({ regexText }) => regexText).join('') + candidate.regexText,
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, ...values: V[]): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, values)
  else list.push(...values)
}

const cache = new WeakMap<URLResolver, Names>()

class Collector implements Names {
  readonly candidates = new Map<string | View, Candidate[]>()
  readonly namespaces = new Map<string, Namespace>()
  readonly apps = new Map<string, string[]>()

  addPattern({ pattern, kwargs, view, name }: URLPattern): void {
    const { templates, regexText } = pattern
    const candidate = { patterns: [pattern], templates, defaults: kwargs, regexText }
    push(this.candidates, view, candidate)
    if (name !== undefined) push(this.candidates, name, candidate)
  }

  addInclude(resolver: URLResolver): void {
    const { appName, namespace, pattern } = resolver
    if (appName === undefined || namespace === undefined) return this.#addAll(resolver)
    push(this.apps, appName, namespace)
    this.namespaces.set(namespace, { patterns: [pattern], resolver })
  }

  /** Adds the names of an include without a namespace to the names of its parent. */
  #addAll(resolver: URLResolver): void {
    const { candidates, namespaces, apps } = namesOf(resolver)
    for (const [name, list] of candidates) {
      push(this.candidates, name, ...list.map((each) => behind([resolver.pattern], each, resolver.kwargs)))
    }
    for (const [name, inner] of namespaces) {
      this.namespaces.set(name, { ...inner, patterns: [resolver.pattern, ...inner.patterns] })
    }
    for (const [name, instances] of apps) push(this.apps, name, ...instances)
  }
}

/** The names below a resolver, collected once. */
export function namesOf(resolver: URLResolver): Names {
  const before = cache.get(resolver)
  if (before !== undefined) return before
  const names = new Collector()
  // Cached before it is filled, so that patterns that include themselves do not recurse forever.
  cache.set(resolver, names)
  for (const entry of resolver.urlPatterns.toReversed()) {
    if (entry instanceof URLPattern) names.addPattern(entry)
    else if (entry instanceof URLResolver) names.addInclude(entry)
  }
  return names
}
