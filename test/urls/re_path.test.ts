/** rePath() takes JavaScript's regular expressions, and Django's as they were written in Python. */
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import { include, NoReverseMatch, path, Resolver404, rePath, resolve, reverse } from '#core/urls'
import { index } from './fixtures/views.ts'

const match = (regex: RegExp | string, url: string) => resolve(url, [rePath(regex, index)])
const kwargsOf = (regex: RegExp | string, url: string): unknown => match(regex, url).kwargs
const misses = (regex: RegExp | string, url: string): void => {
  expect(() => match(regex, url), `${String(regex)} and ${url}`).to.throw(Resolver404)
}
const written = (regex: RegExp | string, ...args: unknown[]): string =>
  reverse('x', { args, urlconf: [rePath(regex, index, { name: 'x' })] })

describe('rePath', () => {
  it('gives named groups as kwargs, and then ignores the others', () => {
    expect(kwargsOf(/^(a|b)\/(?<year>\d{4})\/$/, '/a/2026/')).to.deep.equal({ year: '2026' })
    expect(match('^(a|b)/(?P<year>[0-9]{4})/$', '/a/2026/').args).to.deep.equal([])
  })

  it('gives groups without names as args', () => {
    expect(match(/^(\w+)\/(\d+)?$/, '/a/').args).to.deep.equal(['a', undefined])
  })

  it('leaves a named group out that took no part', () => {
    expect(kwargsOf('^list/(?:page-(?P<n>[0-9]+)/)?$', '/list/')).to.deep.equal({})
  })

  it('adds the kwargs of the pattern', () => {
    const urlconf = [rePath('^(?P<a>.)$', index, { kwargs: { b: 2 } })]
    expect(resolve('/x', urlconf).kwargs).to.deep.equal({ a: 'x', b: 2 })
  })

  it('matches anywhere without ^, and up to any point without $', () => {
    expect(match('b/', '/a/b/c').route).to.equal('b/')
    expect(match('^a', '/abc').route).to.equal('^a')
  })

  it('matches the whole path where it ends with $, and no line break behind it', () => {
    misses('b/$', '/a/b/')
    misses('^a/$', '/a/\n')
    misses(/^a\/$/, '/a/\n')
  })

  it('reads what Python writes in its own way', () => {
    expect(kwargsOf('\\A(?P<w>\\w+)/(?P=w)/(?P<d>\\d)\\Z', '/süß/süß/٣')).to.deep.equal({ w: 'süß', d: '٣' })
    expect(kwargsOf('^(?P<w>[]\\w.-]+)$', '/ä].b-')).to.deep.equal({ w: 'ä].b-' })
    expect(match('(?i)^about\\-us\\/(?#a comment)$', '/About-US/').route).to.equal('(?i)^about\\-us\\/(?#a comment)$')
    expect(match('^a{,2}b{x}$', '/aab{x}').func).to.equal(index)
    misses('^a.b$', '/a\nb')
    expect(match('(?s)^a.b$', '/a\nb').func).to.equal(index)
  })

  it('keeps no place between two requests, whatever flags a RegExp has', () => {
    const urlconf = [rePath(/a/giy, index)]
    for (let i = 0; i < 3; i++) expect(resolve('/A', urlconf).func).to.equal(index)
  })

  it('shows a RegExp as it was written', () => {
    expect(match(/^a\/b\/$/, '/a/b/').route).to.equal('^a/b/$')
  })

  it('refuses an expression that is none', () => {
    expect(() => rePath('^(a', index)).to.throw(ImproperlyConfigured, "'^(a' is not a valid regular expression")
  })

  it('is written out with its groups filled', () => {
    expect(written(/^a\.b\/(\d+)\/(?<x>[a-z]{2})\/$/, 3, 'xy')).to.equal('/a.b/3/xy/')
    expect(written('^[abc]\\d\\w+x{2}y?z*/$')).to.equal('/a0xxx/')
    expect(written('^(?:a/(?:b/)+)(?=c)c$')).to.equal('/a/b/c')
    expect(written('^((a)(b))/(c)$', 'ab', 'c')).to.equal('/ab/c')
    expect(written('^a(/(x|y))?$')).to.equal('/a')
    expect(written('^a(/(?:x|y))?$', '/y')).to.equal('/a/y')
  })

  it('is not written out where there are alternatives outside of a group', () => {
    expect(() => written('^(?:a|b)/$')).to.throw(NoReverseMatch)
  })

  it('is not written out with a value that it would not match', () => {
    expect(() => written('^(\\d{4})/$', '20')).to.throw(NoReverseMatch)
  })

  it('includes further patterns, whose groups are told apart', () => {
    const inner = [rePath('^(b+)/$', index, { name: 'b' }), path('<int:n>/', index, { name: 'n' })]
    const urlconf = [rePath('^(a+)/', include(inner))]
    expect(resolve('/aa/bb/', urlconf).args).to.deep.equal(['aa', 'bb'])
    expect(resolve('/aa/3/', urlconf)).to.deep.include({ args: [], kwargs: { n: 3 }, route: '^(a+)/<int:n>/' })
    expect(reverse('b', { args: ['a', 'b'], urlconf })).to.equal('/a/b/')
  })
})
