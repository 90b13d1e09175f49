/** The root of a urlconf, which resolves and reverses, and its error handlers. */
import type { HttpRequest, View } from '#core/http'
import { type Problem, Resolver404 } from '../errors.ts'
import { Included, type UrlconfModule } from '../patterns/include.ts'
import type { ResolverMatch, UrlPatterns } from '../patterns/pattern.ts'
import { rememberExactPaths } from '../fast/lookups.ts'
import { URLResolver } from './resolver.ts'
import { Reverser } from '../reverse/reverse.ts'
import { RoutePattern } from '../patterns/route_pattern.ts'
import { fastPaths, formatValue, importName, isClass } from '#core/utils'
import { ImproperlyConfigured } from '#core/exceptions'

/** Creates the response to an error. The handler for 500 does not receive the exception. */
export type ErrorHandler = (request: HttpRequest, exception?: unknown) => ReturnType<View>

const HANDLED = [400, 403, 404, 500] as const

/** handler400, handler403, handler404 and handler500 of the root module; missing ones use the default pages. */
export type ErrorHandlers = { readonly [Status in (typeof HANDLED)[number]]?: ErrorHandler }

export class RootResolver {
  readonly tree: URLResolver
  readonly handlers: ErrorHandlers
  readonly #reverser: Reverser
  readonly #find: (path: string) => ResolverMatch | undefined

  constructor(urlconf: UrlconfModule | UrlPatterns, handlers: ErrorHandlers = {}) {
    const appless = Array.isArray(urlconf) ? urlconf : { urlpatterns: (urlconf as UrlconfModule).urlpatterns }
    this.tree = new URLResolver(new RoutePattern('', false), new Included(appless, undefined, undefined), {})
    this.handlers = handlers
    this.#reverser = new Reverser(this.tree)
    const find = (path: string): ResolverMatch | undefined =>
      path.startsWith('/') ? this.tree.find(path.slice(1)) : undefined
    this.#find = fastPaths ? rememberExactPaths(find) : find
  }

  get urlPatterns(): UrlPatterns {
    return this.tree.urlPatterns
  }

  /**
   * Resolves a path to a view.
   * @param path percent-decoded, with a leading slash, without the script prefix
   * @throws Resolver404 if no pattern matches
   */
  resolve(path: string): ResolverMatch {
    const found = this.#find(path)
    if (found !== undefined) return found
    throw new Resolver404(path, () => {
      const tried = path.startsWith('/') ? this.tree.listTried(path.slice(1)) : []
      return tried.map((way) => way.slice(1)).filter((way) => way.length > 0)
    })
  }

  /** See `Reverser.reverse`. */
  reverse(...args: Parameters<Reverser['reverse']>): string {
    return this.#reverser.reverse(...args)
  }
}

// handler400, handler403, handler404 and handler500 of the root module.

async function imported(value: unknown, root: string, name: string): Promise<unknown> {
  return typeof value === 'string' ? importName(value, { setting: name, root }) : value
}

/**
 * The handlers that a module exports, as functions or dotted names, and their problems.
 * @param root the directory that dotted names are relative to
 */
export async function readHandlers(
  module: Readonly<Record<string, unknown>>,
  moduleName: string,
  root: string,
): Promise<{ handlers: ErrorHandlers; problems: Problem[] }> {
  const handlers: { -readonly [Status in keyof ErrorHandlers]: ErrorHandlers[Status] } = {}
  const problems: Problem[] = []
  for (const status of HANDLED) {
    const name = `handler${status}`
    if (module[name] === undefined || module[name] === null) continue
    const where = `${name} of ${moduleName}`
    try {
      const handler = await imported(module[name], root, name)
      const parameters = status === 500 ? 1 : 2
      if (typeof handler !== 'function' || isClass(handler) || handler.length > parameters) {
        const taken = status === 500 ? 'request' : 'request, exception'
        const message = `The custom ${name} view ${formatValue(module[name])} does not take the correct number of arguments (${taken}).`
        problems.push({ id: 'urls.E007', message, where })
      } else handlers[status] = handler as ErrorHandler
    } catch (error) {
      if (!(error instanceof ImproperlyConfigured)) throw error
      const message = `The custom ${name} view ${formatValue(module[name])} could not be imported.`
      problems.push({ id: 'urls.E008', message, hint: error.message, where })
    }
  }
  return { handlers, problems }
}
