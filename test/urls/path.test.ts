/** path() accepts a route and a view, and reports invalid ones. */
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import type { View } from '#core/http'
import { path, Resolver404, rePath, resolve } from '#core/urls'
import { index, viewNamed } from './fixtures/views.ts'

const refused = (route: string): Chai.Assertion => expect(() => path(route, index)).to.throw(ImproperlyConfigured)

describe('path', () => {
  it('returns the view itself, with its marks', () => {
    const marked = Object.assign(viewNamed('marked'), { csrfExempt: true })
    expect(resolve('/', [path('', marked)]).func).to.equal(marked)
  })

  it('merges its kwargs into the captured values, and the kwargs win', () => {
    const urlconf = [path('<int:page>/<b>/', index, { kwargs: { page: 7, extra: 'x' } })]
    expect(resolve('/1/two/', urlconf).kwargs).to.deep.equal({ page: 7, b: 'two', extra: 'x' })
  })

  it('matches the whole path, literally', () => {
    const urlconf = [path('a.c/', index), path('(x)/<int:n>', index)]
    expect(resolve('/a.c/', urlconf).route).to.equal('a.c/')
    expect(resolve('/(x)/3', urlconf).kwargs).to.deep.equal({ n: 3 })
    for (const other of ['/abc/', '/a.c/d', '/a.c/\n', '/x/3', '/(x)/3/']) {
      expect(() => resolve(other, urlconf), other).to.throw(Resolver404)
    }
  })

  it('derives viewName from the view if the pattern has no name', () => {
    expect(resolve('/', [path('', index)]).viewName).to.equal('index')
  })

  it('refuses a malformed route', () => {
    refused('<int:pk>/<slug:pk>/').with.property(
      'message',
      "URL route '<int:pk>/<slug:pk>/' uses parameter name 'pk' more than once.",
    )
    refused('<int: pk>/').with.property('message').that.includes('cannot contain whitespace in angle brackets')
    refused('<int:1k>/').with.property('message').that.includes("parameter name '1k', which is no identifier")
    refused('<nt:pk>/')
      .with.property('message')
      .that.includes("invalid converter 'nt'")
      .and.includes("Did you mean 'int'?")
  })

  it('refuses an invalid view, with instructions', () => {
    const given = (view: unknown) => () => path('x/', view as View)
    expect(given(undefined)).to.throw(
      ImproperlyConfigured,
      "path('x/') needs a view (a function) or an include(), found undefined.",
    )
    expect(given([path('', index)])).to.throw(ImproperlyConfigured, 'found URL patterns. Put it into include().')
    expect(() => path(/x/ as unknown as string, index)).to.throw(
      ImproperlyConfigured,
      'For a RegExp there is rePath().',
    )
    expect(() => rePath(3 as unknown as string, index)).to.throw(ImproperlyConfigured, 'found 3')
  })
})
