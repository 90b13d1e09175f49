/** The params of a view are typed by its route; this file is a promise that tsc keeps. */
import { expectTypeOf } from 'expect-type'
import { HttpResponse, type HttpRequest, type View } from '#core/http'
import { include, path, type RouteParams, rePath } from '#core/urls'

declare module '#core/urls' {
  interface ConverterTypes {
    testmonth: { year: number; month: number }
  }
}

const answer = (): HttpResponse => new HttpResponse('')
const byPk = (_request: HttpRequest, _params: { pk: number }): HttpResponse => answer()
const bySlug = (_request: HttpRequest, _params: { slug: string }): HttpResponse => answer()
const byBoth = async (_request: HttpRequest, _params: { pk: number; slug: string }): Promise<HttpResponse> => answer()
const withoutParams = (_request: HttpRequest): HttpResponse => answer()
const maybePage = (_request: HttpRequest, _params: { pk: number; page?: number }): HttpResponse => answer()
const byMonth = (_request: HttpRequest, _params: { m: { year: number; month: number } }): HttpResponse => answer()

describe('types of urls', () => {
  it('read the params from the route', () => {
    expectTypeOf<RouteParams<'posts/<int:pk>/<slug>/'>>().toEqualTypeOf<{ pk: number; slug: string }>()
    expectTypeOf<RouteParams<'a/<uuid:u>/<path:p>'>>().toEqualTypeOf<{ u: string; p: string }>()
  })

  it('let a view through that takes what the route gives', () => {
    path('posts/<int:pk>/', byPk)
    path('posts/<int:pk>/<slug:slug>/', byBoth, { name: 'both' })
    path('posts/<slug>/', bySlug)
    path('posts/<int:pk>/<slug:slug>/', byPk)
    path('posts/<int:pk>/', maybePage)
    path('posts/<int:pk>/', withoutParams)
    path('posts/<int:pk>/', (_request, { pk }) => {
      expectTypeOf(pk).toEqualTypeOf<number>()
      return answer()
    })
    path('about/', withoutParams)
    path('about/', () => answer())
    const plain: View = (request) => new HttpResponse(request.path)
    path('posts/<int:pk>/', plain, { name: 'plain' })
  })

  it('refuse a view that takes something else', () => {
    // @ts-expect-error The view wants a number, the route gives text.
    path('posts/<slug:pk>/', byPk)
    // @ts-expect-error The view wants `pk`, the route gives `id`.
    path('posts/<int:id>/', byPk)
    // @ts-expect-error The view wants a slug too.
    path('posts/<int:pk>/', byBoth)
    // @ts-expect-error The route gives nothing.
    path('posts/', byPk)
    // @ts-expect-error The view wants a number, wherever it is written.
    path('posts/<slug:pk>/', (_request, { pk }: { pk: number }) => new HttpResponse(String(pk)))
    // @ts-expect-error A view answers with a response.
    path('posts/', () => 'Hello')
  })

  it('add the kwargs of the pattern', () => {
    path('posts/', byPk, { kwargs: { pk: 1 } })
    path('posts/<slug:slug>/', byBoth, { kwargs: { pk: 1 }, name: 'both' })
    // @ts-expect-error The view wants a number.
    path('posts/', byPk, { kwargs: { pk: 'one' } })
  })

  it('let any params through that the route does not tell', () => {
    const route: string = 'posts/'
    path(route, byPk)
    rePath(/^posts\/(?<slug>\w+)\/$/, bySlug)
  })

  it('know the converters that a project adds', () => {
    expectTypeOf<RouteParams<'<testmonth:m>/'>>().toEqualTypeOf<{ m: { year: number; month: number } }>()
    expectTypeOf(byMonth).toExtend<View<RouteParams<'<testmonth:m>/'>>>()
    expectTypeOf(bySlug).not.toExtend<View<RouteParams<'<testmonth:slug>/'>>>()
    // A converter that the types do not know may give anything.
    expectTypeOf(byPk).toExtend<View<RouteParams<'<unheard:pk>/'>>>()
  })

  it('take includes behind any route', () => {
    path('<int:pk>/', include([path('', withoutParams)]))
    rePath('^x/', include([path('', withoutParams)]))
    // @ts-expect-error Patterns go into include().
    const refused = (): unknown => path('polls/', [path('', withoutParams)])
    void refused
  })
})
