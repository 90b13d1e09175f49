/** resolve() finds the first pattern that matches, among few or thousands. */
import { expect } from 'chai'
import { Http404 } from '#core/exceptions'
import type { View } from '#core/http'
import { include, isValidPath, path, Resolver404, rePath, resolve, type UrlPatterns } from '#core/urls'
import { requireFastPaths } from '../services.ts'
import { index, viewNamed } from './fixtures/views.ts'

function failure(url: string, urlconf: UrlPatterns): Resolver404 {
  try {
    resolve(url, urlconf)
  } catch (error) {
    if (error instanceof Resolver404) return error
    throw error
  }
  throw new Error(`${url} was found.`)
}

describe('resolve', () => {
  it('tries the patterns in order, whatever their type', () => {
    const views: Record<string, View> = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((name) => [name, viewNamed(name)]),
    )
    const { a, b, c, d, e } = views as Record<'a' | 'b' | 'c' | 'd' | 'e', View>
    const urlconf = [
      path('x/first/', a),
      path('<slug:s>/second/', b),
      path('x/second/', c),
      rePath('^x/(third|first)/$', d),
      path('x/third/', e),
      path('x/<path:rest>', c),
      path('x/fourth/', e),
    ]
    const found = ['/x/first/', '/x/second/', '/x/third/', '/x/fourth/'].map((url) => resolve(url, urlconf).func.name)
    expect(found).to.deep.equal(['a', 'b', 'd', 'c'])
  })

  it('gives the same result as trying every pattern in turn', () => {
    const routes = [
      '',
      'a',
      'a/',
      'a/b',
      'a/b/',
      'a/<int:n>/',
      'a/<slug:s>/',
      '<slug:s>/',
      '<slug:s>/b/',
      'a-<int:n>/',
      'a/b/<path:p>',
      '<path:p>',
    ]
    const paths = [
      '/',
      '/a',
      '/a/',
      '/a/b',
      '/a/b/',
      '/a/3/',
      '/a/c/',
      '/z/',
      '/z/b/',
      '/a-3/',
      '/a/b/c/d',
      '//',
      '/a//b',
    ]
    for (let turn = 0; turn < routes.length; turn++) {
      const order = [...routes.slice(turn), ...routes.slice(0, turn)]
      const all = order.map((route) => path(route, index))
      for (const url of paths) {
        const first = all.find((each) => isValidPath(url, [each]))
        expect(resolve(url, all).route, `${url} among ${order.join(' | ')}`).to.equal(first?.pattern.text)
      }
    }
  })

  it('does not try a thousand patterns one after the other', function () {
    requireFastPaths(this)
    let tried = 0
    const urlconf = Array.from({ length: 1000 }, (_, i) => path(`api/v1/page${i}/<int:n>/`, index))
    for (const entry of urlconf) {
      const find = entry.find.bind(entry)
      entry.find = (rest: string) => {
        tried += 1
        return find(rest)
      }
    }
    expect(resolve('/api/v1/page999/3/', urlconf).kwargs).to.deep.equal({ n: 3 })
    expect(() => resolve('/api/v1/nowhere/', urlconf)).to.throw(Resolver404)
    expect(tried).to.equal(1)
  })

  it('caches the result for a path without parameters, but not for others', function () {
    requireFastPaths(this)
    const urlconf = [path('fixed/', include([path('a/', index)])), path('<int:n>/', index), rePath(/^re\/$/, index)]
    expect(resolve('/fixed/a/', urlconf)).to.equal(resolve('/fixed/a/', urlconf))
    expect(resolve('/1/', urlconf)).to.not.equal(resolve('/1/', urlconf))
    expect(resolve('/re/', urlconf)).to.not.equal(resolve('/re/', urlconf))
  })

  it('throws a Resolver404 with the path, which is a 404', () => {
    const error = failure('/nowhere/', [path('a/', index)])
    expect(error).to.be.instanceOf(Http404)
    expect(error.path).to.equal('/nowhere/')
    expect(error.name).to.equal('Resolver404')
  })

  it('lists the patterns that were tried, in order, inside the matching includes', () => {
    const urlconf = [
      path('a/', index),
      path('b/', include([path('c/', index), path('d/', index)])),
      path('e/', include([path('f/', index)])),
    ]
    const tried = failure('/b/x/', urlconf).tried.map((way) => way.map(({ pattern }) => pattern.text).join(' '))
    expect(tried).to.deep.equal(['a/', 'b/ c/', 'b/ d/', 'e/'])
  })

  it('finds nothing for a path without a leading slash', () => {
    expect(failure('a/', [path('a/', index)]).tried).to.deep.equal([])
  })

  it('isValidPath returns whether a path resolves', () => {
    expect(isValidPath('/a/', [path('a/', index)])).to.equal(true)
    expect(isValidPath('/a', [path('a/', index)])).to.equal(false)
  })
})
