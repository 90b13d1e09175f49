/** The innermost point of the chain: reads the body, calls the view, and turns its errors into answers. */
import type { Middleware } from 'koa'
import { applyResponse, beginView, HttpResponseBase, isReadBeforeView, type ResolverMatch } from '#core/http'
import type { RootResolver } from '#core/urls'
import { formatValue } from '#core/utils'
import type { ErrorResponses } from './error_responses.ts'

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
