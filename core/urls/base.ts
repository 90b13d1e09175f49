/** `resolve`, `reverse`, the resolvers of this process, and the script prefix of reversed URLs. */
import { projectRoot, settings, settingsAreLoaded } from '#core/conf'
import type { ResolverMatch, View } from '#core/http'
import { Resolver404 } from './errors.ts'
import type { RootResolver } from './resolve/root.ts'
import { type Urlconf, Urlconfs } from './resolve/urlconfs.ts'
import { type Query, quoteFragment, urlencode } from './reverse/quoting.ts'

const urlconfs = new Urlconfs()

/**
 * Imports ROOT_URLCONF, or another urlconf, with every module that it includes by name. Required before `resolve` and
 * `reverse`, which are synchronous. Later calls return the same resolver.
 * @throws ImproperlyConfigured if a module is missing or has no valid URL patterns
 */
export function loadUrlconf(urlconf?: Urlconf): Promise<RootResolver> {
  const isRoot = urlconf === undefined || urlconf === settings.ROOT_URLCONF
  return urlconfs.load(urlconf ?? settings.ROOT_URLCONF, isRoot ? 'ROOT_URLCONF' : 'loadUrlconf()', projectRoot())
}

/** The resolver of ROOT_URLCONF, or of another urlconf. One that is given by name must have been loaded. */
export function getResolver(urlconf?: Urlconf): RootResolver {
  return urlconfs.get(urlconf ?? settings.ROOT_URLCONF)
}

/**
 * Resolves a path to a view.
 * @param path percent-decoded, with a leading slash, without the script prefix
 * @throws Resolver404 if no pattern matches
 */
export function resolve(path: string, urlconf?: Urlconf): ResolverMatch {
  return getResolver(urlconf).resolve(path)
}

/** Whether a path resolves to a view. */
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
  /** Positional values for the route's parameters. Cannot be combined with kwargs. */
  readonly args?: readonly unknown[] | null | undefined
  /** Values for the route's parameters by name. Undefined values are ignored. */
  readonly kwargs?: Readonly<Record<string, unknown>> | null | undefined
  /** The query string to append. */
  readonly query?: Query | null | undefined
  /** The fragment to append, without `#`. */
  readonly fragment?: string | null | undefined
  /** The urlconf; ROOT_URLCONF by default. */
  readonly urlconf?: Urlconf | null | undefined
  /** The instance namespace that an application namespace resolves to. */
  readonly currentApp?: string | null | undefined
}

/**
 * Builds the URL of a pattern, given its name (`'polls:detail'`) or its view.
 * @returns percent-encoded, with the script prefix
 * @throws NoReverseMatch if no pattern has the name and accepts the arguments
 * @throws TypeError if both args and kwargs are given
 */
export function reverse(name: string | View, options: ReverseOptions = {}): string {
  const { args, kwargs, query, fragment, urlconf, currentApp } = options
  const prefix = getScriptPrefix()
  const context = { prefix, currentApp: currentApp ?? undefined }
  const path = getResolver(urlconf ?? undefined).reverse(name, args ?? [], kwargs ?? {}, context)
  const queryString = query === undefined || query === null ? '' : urlencode(query)
  const hash = fragment === undefined || fragment === null ? '' : `#${quoteFragment(fragment)}`
  return `${path}${queryString === '' ? '' : `?${queryString}`}${hash}`
}

let override: string | undefined

const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`)

/** Sets the prefix for the process. Overrides FORCE_SCRIPT_NAME. */
export function setScriptPrefix(prefix: string): void {
  override = withSlash(prefix)
}

/** Resets `setScriptPrefix`. */
export function clearScriptPrefix(): void {
  override = undefined
}

/** The script prefix with a trailing slash: as set, or FORCE_SCRIPT_NAME, or `/`. */
export function getScriptPrefix(): string {
  return override ?? withSlash((settingsAreLoaded() ? settings.FORCE_SCRIPT_NAME : null) ?? '/')
}
