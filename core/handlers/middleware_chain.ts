/** Builds the chain from MIDDLEWARE, checks its order, and calls the view at its innermost point. */
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
  // `koa-compress` and `@koa/cors` are packages; a name in the project or the framework has a dot.
  const isPackage = !name.includes('.') || !isDottedName(name)
  return isPackage ? loadFromPackage(setting, name, FACTORY, { root }) : loadNamed(setting, name, FACTORY, { root })
}

/** What a factory makes, or undefined where it wants to be left out. */
async function make(factory: Factory, name: string, by: NamedBy): Promise<Middleware | undefined> {
  try {
    const made = await factory()
    if (made === undefined || made === null) return undefined
    if (typeof made === 'function') return made as Middleware
    throw new ImproperlyConfigured(
      `${by.setting} names '${name}', which should return a Koa middleware, a function of (ctx, next), but returned ${formatValue(made)}.`,
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

  /** Does the work; what fails is noted, and gives undefined. */
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

  /** @throws ImproperlyConfigured with a line for each problem */
  tell(): void {
    if (this.#lines.length > 0) throw new ImproperlyConfigured(this.#lines.join('\n'), { cause: this.#cause })
  }
}

/**
 * The chain, outermost first.
 * @throws ImproperlyConfigured that lists every entry that is wrong, a line each
 */
export async function loadMiddleware(entries: readonly (string | Middleware)[], root: string): Promise<Middleware[]> {
  const problems = new Problems()
  const place = (i: number): NamedBy => ({ setting: `MIDDLEWARE[${i}]`, root })
  const factories: (Factory | undefined)[] = []
  for (const [i, entry] of entries.entries()) {
    const named = typeof entry === 'string'
    factories.push(named ? await problems.note(place(i), entry, () => loadFactory(entry, place(i))) : undefined)
  }
  // What the modules need from the settings is made ready before their factories ask for it.
  await prepareSettings()
  const chain: Middleware[] = []
  for (const [i, entry] of entries.entries()) {
    const factory = factories[i]
    const made =
      typeof entry === 'function'
        ? entry
        : factory && (await problems.note(place(i), entry, () => make(factory, entry, place(i))))
    if (made !== undefined) chain.push(made)
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

/** @throws TypeError where a view gave something else */
function responseIn(answer: unknown, match: ResolverMatch): HttpResponseBase {
  if (answer instanceof HttpResponseBase) return answer
  const what = answer === undefined ? 'nothing' : formatValue(answer)
  throw new TypeError(
    `The view ${match.viewName === '' ? match.func.name : match.viewName} (route '${match.route}') should return an HttpResponse, but returned ${what}.` +
      ' Is there a path through it without `return new HttpResponse(…)`?',
  )
}

export function viewDispatch(resolver: RootResolver, errors: ErrorResponses): Middleware {
  return async function view({ request, response }) {
    let answer: HttpResponseBase
    try {
      // The resolver found nothing before; asked again it says so with its error.
      const match = request.resolverMatch ?? resolver.resolve(request.pathInfo)
      if (isReadBeforeView(request)) await request.read()
      beginView(request)
      const given: unknown = match.func(request, paramsOf(match) as never)
      // A view that does not wait is not waited for.
      answer = responseIn(given instanceof HttpResponseBase ? given : await given, match)
    } catch (error) {
      answer = await errors.answer(request, error)
    }
    applyResponse(answer, response)
  }
}
