/** The views for the tests of bodies: each returns what it reads of the body. */
import { type HttpRequest, HttpResponse, JsonResponse } from '#core/http'
import { path, type UrlPatterns } from '#core/urls'

/** A form as the view sees it, with the content of its files. */
async function echo(request: HttpRequest): Promise<JsonResponse> {
  const files = [...request.FILES.keys()].flatMap((field) => [...request.FILES.getAll(field)])
  return new JsonResponse({
    post: [...request.POST],
    files: await Promise.all(
      files.map(async (file) => [file.fieldName, file.name, file.contentType, file.size, String(await file.read())]),
    ),
  })
}

async function readBody(request: HttpRequest): Promise<HttpResponse> {
  await request.read()
  return new HttpResponse(request.body, { contentType: 'text/plain' })
}

export const urlpatterns: UrlPatterns = [
  path('echo/', echo),
  path('json/', (request) => new JsonResponse({ json: request.json() })),
  path('body/', (request) => new HttpResponse(String(request.body), { contentType: 'text/plain' })),
  path('read/', readBody),
  path('fails/', () => {
    throw Object.assign(new Error('An upstream service says 404.'), { status: 404 })
  }),
]
