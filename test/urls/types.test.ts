/** The params of a view are typed by its route; tsc checks this file. */
import { expectTypeOf } from 'expect-type'
import { HttpResponse, type HttpRequest, type View } from '#core/http'
import { include, path, type RouteParams, rePath } from '#core/urls'

declare module '#core/urls' {
  interface ConverterTypes {
    testmonth: { year: number; month: number }
  }
}

const response = (): HttpResponse => new HttpResponse('')
const byPk = (_request: HttpRequest, _params: { pk: number }): HttpResponse => response()
const bySlug = (_request: HttpRequest, _params: { slug: string }): HttpResponse => response()
const byBoth = async (_request: HttpRequest, _params: { pk: number; slug: string }): Promise<HttpResponse> => response()
const withoutParams = (_request: HttpRequest): HttpResponse => response()
const maybePage = (_request: HttpRequest, _params: { pk: number; page?: number }): HttpResponse => response()
const byMonth = (_request: HttpRequest, _params: { m: { year: number; month: number } }): HttpResponse => response()

describe('types of urls', () => {
  it('read the params from the route', () => {
    expectTypeOf<RouteParams<'posts/<int:pk>/<slug>/'>>().toEqualTypeOf<{ pk: number; slug: string }>()
    expectTypeOf<RouteParams<'a/<uuid:u>/<path:p>'>>().toEqualTypeOf<{ u: string; p: string }>()
  })

  it('accept a view with the params of the route', () => {
    path('posts/<int:pk>/', byPk)
    path('posts/<int:pk>/<slug:slug>/', byBoth, { name: 'both' })
    path('posts/<slug>/', bySlug)
    path('posts/<int:pk>/<slug:slug>/', byPk)
    path('posts/<int:pk>/', maybePage)
    path('posts/<int:pk>/', withoutParams)
    path('posts/<int:pk>/', (_request, { pk }) => {
      expectTypeOf(pk).toEqualTypeOf<number>()
      return response()
    })
    path('about/', withoutParams)
    path('about/', () => response())
    const plain: View = (request) => new HttpResponse(request.path)
    path('posts/<int:pk>/', plain, { name: 'plain' })
  })

  it('refuse a view with other params', () => {
    // @ts-expect-error The view wants a number, the route has a string.
    path('posts/<slug:pk>/', byPk)
    // @ts-expect-error The view wants `pk`, the route has `id`.
    path('posts/<int:id>/', byPk)
    // @ts-expect-error The view wants a slug too.
    path('posts/<int:pk>/', byBoth)
    // @ts-expect-error The route has no params.
    path('posts/', byPk)
    // @ts-expect-error The view wants a number, wherever it is defined.
    path('posts/<slug:pk>/', (_request, { pk }: { pk: number }) => new HttpResponse(String(pk)))
    // @ts-expect-error A view returns a response.
    path('posts/', () => 'Hello')
  })

  it('add the kwargs of the pattern', () => {
    path('posts/', byPk, { kwargs: { pk: 1 } })
    path('posts/<slug:slug>/', byBoth, { kwargs: { pk: 1 }, name: 'both' })
    // @ts-expect-error The view wants a number.
    path('posts/', byPk, { kwargs: { pk: 'one' } })
  })

  it('accept any params if the route is not a literal', () => {
    const route: string = 'posts/'
    path(route, byPk)
    rePath(/^posts\/(?<slug>\w+)\/$/, bySlug)
  })

  it('use the converters that a project declares', () => {
    expectTypeOf<RouteParams<'<testmonth:m>/'>>().toEqualTypeOf<{ m: { year: number; month: number } }>()
    expectTypeOf(byMonth).toExtend<View<RouteParams<'<testmonth:m>/'>>>()
    expectTypeOf(bySlug).not.toExtend<View<RouteParams<'<testmonth:slug>/'>>>()
    // A converter without a declared type may return anything.
    expectTypeOf(byPk).toExtend<View<RouteParams<'<unheard:pk>/'>>>()
  })

  it('accept includes after any route', () => {
    path('<int:pk>/', include([path('', withoutParams)]))
    rePath('^x/', include([path('', withoutParams)]))
    // @ts-expect-error Patterns go into include().
    const refused = (): unknown => path('polls/', [path('', withoutParams)])
    void refused
  })
})
