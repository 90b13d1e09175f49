/** include() puts modules and lists of patterns behind a route, with or without a namespace. */
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import { include, NoReverseMatch, path, resolve, Resolver404, reverse, type UrlPatterns } from '#core/urls'
import * as polls from '../fixtures/polls.ts'
import { detail, index } from '../fixtures/views.ts'

describe('include', () => {
  it('accepts a module, with its application name', () => {
    const urlconf = [path('polls/', include(polls))]
    expect(resolve('/polls/3/', urlconf)).to.deep.include({
      func: detail,
      kwargs: { pk: 3 },
      appNames: ['polls'],
      namespaces: ['polls'],
      route: 'polls/<int:pk>/',
    })
    expect(resolve('/polls/3/', urlconf)).to.include({ appName: 'polls', namespace: 'polls', viewName: 'polls:detail' })
    expect(reverse('polls:detail', { args: [3], urlconf })).to.equal('/polls/3/')
  })

  it("accepts Django's spelling of the application name", () => {
    const module = { urlpatterns: polls.urlpatterns, app_name: 'votes' }
    expect(reverse('votes:index', { urlconf: [path('v/', include(module))] })).to.equal('/v/')
  })

  it('accepts a list, whose names belong to the surrounding module', () => {
    const urlconf = [path('a/<slug:team>/', include(polls.urlpatterns))]
    expect(resolve('/a/red/3/', urlconf).viewName).to.equal('detail')
    expect(reverse('detail', { kwargs: { team: 'red', pk: 3 }, urlconf })).to.equal('/a/red/3/')
  })

  it('accepts a list of two patterns as a list', () => {
    const pair: UrlPatterns = [path('a/', index), path('b/', index)]
    expect(resolve('/x/b/', [path('x/', include(pair))]).route).to.equal('x/b/')
  })

  it('passes its kwargs to every view below; a captured value and the inner kwargs win', () => {
    const inner = [path('<int:pk>/', index, { name: 'i', kwargs: { b: 'inner' } })]
    const urlconf = [path('<slug:s>/', include(inner), { kwargs: { a: 1, b: 'outer' } })]
    expect(resolve('/x/3/', urlconf).kwargs).to.deep.equal({ s: 'x', pk: 3, a: 1, b: 'inner' })
    expect(reverse('i', { kwargs: { s: 'x', pk: 3, a: 1 }, urlconf })).to.equal('/x/3/')
    expect(() => reverse('i', { kwargs: { s: 'x', pk: 3, a: 2 }, urlconf })).to.throw(NoReverseMatch)
  })

  it('accepts a repeated parameter: the view gets the inner one', () => {
    const urlconf = [path('<int:id>/', include([path('<int:id>/', index, { name: 'twice' })]))]
    expect(resolve('/1/2/', urlconf).kwargs).to.deep.equal({ id: 2 })
    expect(reverse('twice', { kwargs: { id: 3 }, urlconf })).to.equal('/3/3/')
  })

  it('may include itself', () => {
    const patterns: UrlPatterns[number][] = [path('leaf/', index, { name: 'leaf' })]
    patterns.push(path('again/', include(patterns)))
    expect(resolve('/again/again/leaf/', patterns).route).to.equal('again/again/leaf/')
    expect(reverse('leaf', { urlconf: patterns })).to.match(/leaf\/$/)
  })

  it('continues with the next pattern if nothing inside matches', () => {
    const urlconf = [path('a/', include([path('x/', index)])), path('a/<slug:s>/', detail)]
    expect(resolve('/a/y/', urlconf).func).to.equal(detail)
  })

  it('does not match a segment that only starts like its route', () => {
    const urlconf = [path('shop/', include([path('', index)]))]
    expect(() => resolve('/shop2/', urlconf)).to.throw(Resolver404)
  })

  it('continues a segment where its route ends without a slash', () => {
    expect(resolve('/shop-3/', [path('shop', include([path('-<int:n>/', index)]))]).kwargs).to.deep.equal({ n: 3 })
  })

  it('refuses a namespace without an application name', () => {
    expect(() => include(polls.urlpatterns, { namespace: 'x' })).to.throw(ImproperlyConfigured, "has the namespace 'x'")
  })

  it('refuses a value without patterns', () => {
    for (const wrong of [3, null, undefined, './polls/urls.ts']) {
      expect(() => include(wrong as unknown as string), String(wrong)).to.throw(
        ImproperlyConfigured,
        'include() takes a module',
      )
    }
  })

  it('by a dotted name has to be loaded before it is used', () => {
    const urlconf = [path('polls/', include('test.urls.fixtures.polls'))]
    expect(() => resolve('/polls/', urlconf)).to.throw(ImproperlyConfigured, 'await loadUrlconf()')
  })
})
