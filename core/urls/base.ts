/** `resolve`, `reverse`, the resolver of this process, which ROOT_URLCONF names, and the prefix of all reversed URLs. */
import { projectRoot, settings, settingsAreLoaded } from '#core/conf'
import type { ResolverMatch, View } from '#core/http'
import { Resolver404 } from './errors.ts'
import type { RootResolver } from './resolve/root.ts'
import { type Urlconf, Urlconfs } from './resolve/urlconfs.ts'
import { type Query, quoteFragment, urlencode } from './reverse/quoting.ts'

const urlconfs = new Urlconfs()

/**
 * Imports ROOT_URLCONF, or another URL configuration, with every module that it includes by name. After this
 * `resolve` and `reverse` are synchronous. Later calls give what the first one loaded.
 * @throws ImproperlyConfigured when a module is missing or is none of URL patterns
 */
export function loadUrlconf(urlconf?: Urlconf): Promise<RootResolver> {
  const isRoot = urlconf === undefined || urlconf === settings.ROOT_URLCONF
  return urlconfs.load(urlconf ?? settings.ROOT_URLCONF, isRoot ? 'ROOT_URLCONF' : 'loadUrlconf()', projectRoot())
}

/** The resolver of ROOT_URLCONF, or of another URL configuration; those that go by a name have to be loaded before. */
export function getResolver(urlconf?: Urlconf): RootResolver {
  return urlconfs.get(urlconf ?? settings.ROOT_URLCONF)
}

/**
 * The view that a path leads to.
 * @param path percent-decoded, with its first slash, without the script prefix
 * @throws Resolver404 when no pattern matches
 */
export function resolve(path: string, urlconf?: Urlconf): ResolverMatch {
  return getResolver(urlconf).resolve(path)
}

/** Whether a path leads to a view. */
export function isValidPath(path: string, urlconf?: Urlconf): boolean {
  try {
    resolve(path, urlconf)
    return true
  } catch (error) {
    if (error instanceof Resolver404) return false
    throw error
  }
}

export interface ReverseOptions {
  /** Values for the route's parameters by position. Either these or kwargs. */
  readonly args?: readonly unknown[] | null | undefined
  /** Values for the route's parameters by name; one that is undefined counts as not given. */
  readonly kwargs?: Readonly<Record<string, unknown>> | null | undefined
  /** The query string to append. */
  readonly query?: Query | null | undefined
  /** The fragment to append, without its hash sign. */
  readonly fragment?: string | null | undefined
  /** Another URL configuration than ROOT_URLCONF. */
  readonly urlconf?: Urlconf | null | undefined
  /** The namespace of the instance that is preferred where a name means an application. */
  readonly currentApp?: string | null | undefined
}

/**
 * The URL of a pattern, by its name (`'polls:detail'`) or its view: percent-encoded, with the script prefix.
 * @throws NoReverseMatch when no pattern has the name and takes the arguments
 * @throws TypeError when both args and kwargs are given
 */
export function reverse(name: string | View, options: ReverseOptions = {}): string {
  const { args, kwargs, query, fragment, urlconf, currentApp } = options
  const prefix = getScriptPrefix()
  const around = { prefix, currentApp: currentApp ?? undefined }
  const path = getResolver(urlconf ?? undefined).reverse(name, args ?? [], kwargs ?? {}, around)
  const queryString = query === undefined || query === null ? '' : urlencode(query)
  const hash = fragment === undefined || fragment === null ? '' : `#${quoteFragment(fragment)}`
  return `${path}${queryString === '' ? '' : `?${queryString}`}${hash}`
}

let explicit: string | undefined

const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`)

/** Sets the prefix for the process, in the place of FORCE_SCRIPT_NAME. */
export function setScriptPrefix(prefix: string): void {
  explicit = withSlash(prefix)
}

/** Takes back what `setScriptPrefix` set. */
export function clearScriptPrefix(): void {
  explicit = undefined
}

/** The prefix, always with a slash at its end: what was set, else FORCE_SCRIPT_NAME, else `/`. */
export function getScriptPrefix(): string {
  return explicit ?? withSlash((settingsAreLoaded() ? settings.FORCE_SCRIPT_NAME : null) ?? '/')
}
