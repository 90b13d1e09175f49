/** Builds the middleware chain from MIDDLEWARE, and calls the view at its innermost point. */
import type { Middleware } from 'koa'
import { type CheckMessage, Error as CheckError, register } from '#core/checks'
import { functionOf, loadFromPackage, loadNamed, prepareSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured, MiddlewareNotUsed } from '#core/exceptions'
import { applyResponse, beginView, HttpResponseBase, isReadBeforeView, type ResolverMatch } from '#core/http'
import type { RootResolver } from '#core/urls'
import { formatValue, getLogger, isDottedName, type NamedBy } from '#core/utils'
import type { ErrorResponses } from './error_responses.ts'

type Factory = () => unknown

const log = getLogger('django.request')

const FACTORY = functionOf<Factory>('a function that returns a Koa middleware')

function loadFactory(name: string, { setting, root }: NamedBy): Promise<Factory> {
  // `koa-compress` and `@koa/cors` are packages; dotted names are in the project or the framework.
  const isPackage = !name.includes('.') || !isDottedName(name)
  return isPackage ? loadFromPackage(setting, name, FACTORY, { root }) : loadNamed(setting, name, FACTORY, { root })
}

/** Calls a factory. Returns undefined if it throws MiddlewareNotUsed or returns nothing. */
async function callFactory(factory: Factory, name: string, by: NamedBy): Promise<Middleware | undefined> {
  try {
    const loaded = await factory()
    if (loaded === undefined || loaded === null) return undefined
    if (typeof loaded === 'function') return loaded as Middleware
    throw new ImproperlyConfigured(
      `${by.setting} names '${name}', which should return a Koa middleware, a function of (ctx, next), but returned ${formatValue(loaded)}.`,
    )
  } catch (error) {
    if (!(error instanceof MiddlewareNotUsed)) throw error
    const reason = error.message === '' ? '' : `: ${error.message}`
    if (settings.DEBUG) log.debug(`MiddlewareNotUsed('${name}')${reason}`)
    return undefined
  }
}

/** The problems of MIDDLEWARE, collected so that all are reported together. */
class Problems {
  readonly #lines: string[] = []
  #cause: unknown

  /** Calls `work`. Records an error and returns undefined. */
  async note<T>(by: NamedBy, name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      this.#cause ??= error
      const message = error instanceof Error ? error.message : formatValue(error)
      this.#lines.push(error instanceof ImproperlyConfigured ? message : `${by.setting} '${name}' failed: ${message}`)
      return undefined
    }
  }

  /** @throws ImproperlyConfigured with one line per problem, if there are any */
  tell(): void {
    if (this.#lines.length > 0) throw new ImproperlyConfigured(this.#lines.join('\n'), { cause: this.#cause })
  }
}

/**
 * Loads the middleware chain, outermost first.
 * @throws ImproperlyConfigured with one line for each invalid entry
 */
export async function loadMiddleware(entries: readonly (string | Middleware)[], root: string): Promise<Middleware[]> {
  const problems = new Problems()
  const place = (i: number): NamedBy => ({ setting: `MIDDLEWARE[${i}]`, root })
  const factories: (Factory | undefined)[] = []
  for (const [i, entry] of entries.entries()) {
    const named = typeof entry === 'string'
    factories.push(named ? await problems.note(place(i), entry, () => loadFactory(entry, place(i))) : undefined)
  }
  // Values that the modules load from settings must be ready before their factories are called.
  await prepareSettings()
  const chain: Middleware[] = []
  for (const [i, entry] of entries.entries()) {
    const factory = factories[i]
    const loaded =
      typeof entry === 'function'
        ? entry
        : factory && (await problems.note(place(i), entry, () => callFactory(factory, entry, place(i))))
    if (loaded !== undefined) chain.push(loaded)
  }
  problems.tell()
  return chain
}

// The system check that builds the middleware chain, so that `check` reports what would fail at startup.

async function checkMiddleware(): Promise<CheckMessage[]> {
  try {
    await loadMiddleware(settings.MIDDLEWARE, projectRoot())
    return []
  } catch (error) {
    if (!(error instanceof ImproperlyConfigured)) throw error
    return error.message.split('\n').map((line) => new CheckError(line, { id: 'handlers.E001', obj: 'MIDDLEWARE' }))
  }
}

register(checkMiddleware, 'handlers')

/** Named groups by name; unnamed groups of a regular expression by index. */
const paramsOf = ({ args, kwargs }: ResolverMatch): object =>
  args.length === 0 ? { ...kwargs } : Object.assign({}, args, kwargs)

/** @throws TypeError if the view did not return a response */
function responseIn(result: unknown, match: ResolverMatch): HttpResponseBase {
  if (result instanceof HttpResponseBase) return result
  const what = result === undefined ? 'nothing' : formatValue(result)
  throw new TypeError(
    `The view ${match.viewName === '' ? match.func.name : match.viewName} (route '${match.route}') should return an HttpResponse, but returned ${what}.` +
      ' Is there a path through it without `return new HttpResponse(…)`?',
  )
}

export function viewDispatch(resolver: RootResolver, errors: ErrorResponses): Middleware {
  return async function view({ request, response }) {
    let result: HttpResponseBase
    try {
      // Without a match, resolving again throws the Resolver404.
      const match = request.resolverMatch ?? resolver.resolve(request.pathInfo)
      if (isReadBeforeView(request)) await request.read()
      beginView(request)
      const viewResult: unknown = match.func(request, paramsOf(match) as never)
      // A synchronous response is used without waiting for a microtask.
      result = responseIn(viewResult instanceof HttpResponseBase ? viewResult : await viewResult, match)
    } catch (error) {
      result = await errors.answer(request, error)
    }
    applyResponse(result, response)
  }
}
