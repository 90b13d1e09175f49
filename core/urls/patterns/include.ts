/** `include()`: adds another list of patterns below a route, optionally in a namespace. */
import { ImproperlyConfigured } from '#core/exceptions'
import { formatValue, isDottedName } from '#core/utils'
import type { UrlPatterns } from './pattern.ts'

/** A module of patterns for `include`: `import * as polls from './polls/urls.ts'`. */
export interface UrlconfModule {
  readonly urlpatterns: UrlPatterns
  /** The application namespace. */
  readonly appName?: string
}

const modules = new WeakMap<Included, Readonly<Record<string, unknown>>>()

/** Sets the imported module of an `include('dotted.name')`. */
export function fillIn(included: Included, module: Readonly<Record<string, unknown>>): void {
  modules.set(included, module)
}

/** The application namespace of a module, exported as `appName` or `app_name`. */
function appNameOf(module: Readonly<Record<string, unknown>>): string | undefined {
  const name = module.appName ?? module.app_name
  if (name === undefined || typeof name === 'string') return name
  throw new ImproperlyConfigured(`appName of a module of URL patterns should be a text, found ${formatValue(name)}.`)
}

export class Included {
  /** The dotted name, if one was given. `loadUrlconf()` imports its module. */
  readonly name: string | undefined
  readonly #patterns: unknown
  readonly #appName: string | undefined
  readonly #namespace: string | undefined

  constructor(source: unknown, appName: string | undefined, namespace: string | undefined) {
    this.name = typeof source === 'string' ? source : undefined
    this.#appName = appName
    this.#namespace = namespace
    if (Array.isArray(source)) this.#patterns = source
    else if (this.name === undefined) fillIn(this, source as Record<string, unknown>)
    if (this.isLoaded) this.#refuseNamespaceAlone()
  }

  get isLoaded(): boolean {
    return this.#patterns !== undefined || modules.has(this)
  }

  /** The patterns of the list or module. `loadUrlconf()` validates them. */
  get patterns(): unknown {
    return this.#patterns ?? this.#module().urlpatterns
  }

  get appName(): string | undefined {
    if (this.#patterns !== undefined) return this.#appName
    return appNameOf(this.#module())
  }

  get namespace(): string | undefined {
    this.#refuseNamespaceAlone()
    return this.#namespace ?? this.appName
  }

  /** The names that the module exports, for messages; undefined for a list. */
  get exported(): string[] | undefined {
    return this.#patterns === undefined ? Object.keys(this.#module()) : undefined
  }

  #module(): Readonly<Record<string, unknown>> {
    const module = modules.get(this)
    if (module !== undefined) return module
    throw new ImproperlyConfigured(
      `include('${this.name}') is not loaded yet: importing takes time. \`await loadUrlconf()\` of #core/urls first.`,
    )
  }

  #refuseNamespaceAlone(): void {
    if (this.#namespace === undefined || this.appName !== undefined) return
    throw new ImproperlyConfigured(
      `include() has the namespace '${this.#namespace}', but its patterns have no application name.` +
        ` Export appName from the included module, or give include() a list of the patterns and the name: [patterns, 'polls'].`,
    )
  }
}

/**
 * Adds another list of patterns below a route: `path('polls/', include(polls))`.
 * @param source a module, a list of patterns, `[patterns, appName]`, or the dotted name of a module, which
 * `loadUrlconf()` imports
 * @param options.namespace the instance namespace, if an application is included several times; by default, the appName
 * @throws ImproperlyConfigured for any other source, or for a namespace without an appName
 */
export function include(
  source: UrlconfModule | UrlPatterns | readonly [UrlPatterns, string] | string,
  options: { namespace?: string | undefined } = {},
): Included {
  const { namespace } = options
  if (typeof source === 'string') {
    if (isDottedName(source)) return new Included(source, undefined, namespace)
  } else if (Array.isArray(source)) {
    const [patterns, appName] = source as readonly unknown[]
    const isPair = source.length === 2 && Array.isArray(patterns) && typeof appName === 'string'
    return isPair ? new Included(patterns, appName, namespace) : new Included(source, undefined, namespace)
  } else if (typeof source === 'object' && source !== null) return new Included(source, undefined, namespace)
  throw new ImproperlyConfigured(
    `include() takes a module, a list of patterns, [patterns, appName] or a dotted name, found ${formatValue(source)}.`,
  )
}
