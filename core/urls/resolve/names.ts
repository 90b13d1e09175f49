/** The names below a resolver: what `reverse` looks up, with every pattern on the way taken together. */
import type { View } from '#core/http'
import { combine, type PathPattern, type Template, URLPattern } from '../patterns/pattern.ts'
import { URLResolver } from './resolver.ts'

/** A pattern that a name leads to. */
export interface Candidate {
  /** The patterns that its URL goes through, outermost first. */
  readonly patterns: readonly PathPattern[]
  readonly templates: readonly Template[]
  /** Kwargs of the pattern and of the includes around it: they may be repeated in `reverse`, with the same value. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** As Django shows it in a message. */
  readonly regexText: string
}

/** A namespace below a resolver. */
export interface Namespace {
  /** The patterns that lead to it, outermost first. */
  readonly patterns: readonly PathPattern[]
  readonly resolver: URLResolver
}

export interface Names {
  /** By name or by view. As in Django the last pattern of the list is tried first. */
  readonly candidates: ReadonlyMap<string | View, readonly Candidate[]>
  readonly namespaces: ReadonlyMap<string, Namespace>
  /** The instances of each application: the last of the list first. */
  readonly apps: ReadonlyMap<string, readonly string[]>
}

/** A candidate behind further patterns. */
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

const known = new WeakMap<URLResolver, Names>()

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

  /** What an include without a namespace holds is known by the same names as what stands around it. */
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

/** The names below a resolver; collected once. */
export function namesOf(resolver: URLResolver): Names {
  const before = known.get(resolver)
  if (before !== undefined) return before
  const names = new Collector()
  // Known before it is filled, so that patterns which include themselves come to an end.
  known.set(resolver, names)
  for (const entry of resolver.urlPatterns.toReversed()) {
    if (entry instanceof URLPattern) names.addPattern(entry)
    else if (entry instanceof URLResolver) names.addInclude(entry)
  }
  return names
}
