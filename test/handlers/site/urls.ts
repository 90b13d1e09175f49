/** The views of the site for the tests of core/handlers. */
import {
  BadRequest,
  FileResponse,
  Http404,
  type HttpRequest,
  HttpResponse,
  type HttpResponseBase,
  HttpResponseNotAllowed,
  JsonResponse,
  PermissionDenied,
  ServiceUnavailable,
  StreamingHttpResponse,
  SuspiciousOperation,
} from '#core/http'
import { path, rePath } from '#core/urls'

const ERRORS: Readonly<Record<string, () => Error>> = {
  BadRequest: () => new BadRequest('That was no question.'),
  Error: () => new Error('The secret is 42.'),
  Http404: () => new Http404('No such thing.'),
  PermissionDenied: () => new PermissionDenied('Not for you.'),
  ServiceUnavailable: () => new ServiceUnavailable('The store is down.', { retryAfter: 7 }),
  SuspiciousOperation: () => new SuspiciousOperation('Tampered with.'),
}

function hello(_request: HttpRequest): HttpResponse {
  return new HttpResponse('hello '.repeat(1000), { headers: { 'X-View': 'hello' } }).setCookie('seen', '1')
}

function raise(_request: HttpRequest, { name }: { name: string }): HttpResponse {
  throw ERRORS[name]?.() ?? new Error(name)
}

function throwText(): HttpResponse {
  // oxlint-disable-next-line typescript/only-throw-error
  throw 'a text'
}

async function showForm(request: HttpRequest): Promise<HttpResponse> {
  return new JsonResponse({ post: [...request.POST], files: [...request.FILES.keys()], raw: request.method })
}

async function* endless(): AsyncGenerator<string> {
  yield 'first '
  throw new Error('The stream broke.')
}

export const urlpatterns = [
  path('', hello),
  path('raise/<str:name>/', raise),
  path('throw-text/', throwText),
  path('nothing/', (() => undefined) as unknown as () => HttpResponse, { name: 'nothing' }),
  path('text/', (() => Promise.resolve('text')) as unknown as () => HttpResponse, { name: 'text' }),
  path('params/<int:pk>/', (_request, params) => new JsonResponse(params)),
  rePath(
    /^groups\/(\d+)\/(\w+)\/$/,
    (_request: HttpRequest, params: Record<number, string>) => new JsonResponse(params),
  ),
  path('form/', showForm),
  path('json/', (request) => new JsonResponse(request.json())),
  path('post-only/', (): HttpResponseBase => new HttpResponseNotAllowed(['POST'])),
  path('stream/', () => new StreamingHttpResponse(['a', 'b'])),
  path('broken-stream/', () => new StreamingHttpResponse(endless())),
  path('file/', () => new FileResponse(import.meta.filename)),
  path('match/', (request) => new JsonResponse(request.resolverMatch?.route)),
  path('a b/ü/', () => new HttpResponse('decoded')),
]
