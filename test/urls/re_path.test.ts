/** rePath() accepts regular expressions of JavaScript, and Django's in Python syntax. */
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
  it('passes named groups as kwargs, and then ignores the others', () => {
    expect(kwargsOf(/^(a|b)\/(?<year>\d{4})\/$/, '/a/2026/')).to.deep.equal({ year: '2026' })
    expect(match('^(a|b)/(?P<year>[0-9]{4})/$', '/a/2026/').args).to.deep.equal([])
  })

  it('passes unnamed groups as args', () => {
    expect(match(/^(\w+)\/(\d+)?$/, '/a/').args).to.deep.equal(['a', undefined])
  })

  it('omits a named group that did not match', () => {
    expect(kwargsOf('^list/(?:page-(?P<n>[0-9]+)/)?$', '/list/')).to.deep.equal({})
  })

  it('adds the kwargs of the pattern', () => {
    const urlconf = [rePath('^(?P<a>.)$', index, { kwargs: { b: 2 } })]
    expect(resolve('/x', urlconf).kwargs).to.deep.equal({ a: 'x', b: 2 })
  })

  it('matches at any position without ^, and up to any position without $', () => {
    expect(match('b/', '/a/b/c').route).to.equal('b/')
    expect(match('^a', '/abc').route).to.equal('^a')
  })

  it('matches the whole path with a final $, without a trailing newline', () => {
    misses('b/$', '/a/b/')
    misses('^a/$', '/a/\n')
    misses(/^a\/$/, '/a/\n')
  })

  it('translates Python syntax', () => {
    expect(kwargsOf('\\A(?P<w>\\w+)/(?P=w)/(?P<d>\\d)\\Z', '/süß/süß/٣')).to.deep.equal({ w: 'süß', d: '٣' })
    expect(kwargsOf('^(?P<w>[]\\w.-]+)$', '/ä].b-')).to.deep.equal({ w: 'ä].b-' })
    expect(match('(?i)^about\\-us\\/(?#a comment)$', '/About-US/').route).to.equal('(?i)^about\\-us\\/(?#a comment)$')
    expect(match('^a{,2}b{x}$', '/aab{x}').func).to.equal(index)
    misses('^a.b$', '/a\nb')
    expect(match('(?s)^a.b$', '/a\nb').func).to.equal(index)
  })

  it('keeps no state between two requests, with any flags of a RegExp', () => {
    const urlconf = [rePath(/a/giy, index)]
    for (let i = 0; i < 3; i++) expect(resolve('/A', urlconf).func).to.equal(index)
  })

  it('shows a RegExp as it was written', () => {
    expect(match(/^a\/b\/$/, '/a/b/').route).to.equal('^a/b/$')
  })

  it('refuses an invalid expression', () => {
    expect(() => rePath('^(a', index)).to.throw(ImproperlyConfigured, "'^(a' is not a valid regular expression")
  })

  it('is reversed by filling its groups', () => {
    expect(written(/^a\.b\/(\d+)\/(?<x>[a-z]{2})\/$/, 3, 'xy')).to.equal('/a.b/3/xy/')
    expect(written('^[abc]\\d\\w+x{2}y?z*/$')).to.equal('/a0xxx/')
    expect(written('^(?:a/(?:b/)+)(?=c)c$')).to.equal('/a/b/c')
    expect(written('^((a)(b))/(c)$', 'ab', 'c')).to.equal('/ab/c')
    expect(written('^a(/(x|y))?$')).to.equal('/a')
    expect(written('^a(/(?:x|y))?$', '/y')).to.equal('/a/y')
  })

  it('is not reversed if it has alternatives outside a group', () => {
    expect(() => written('^(?:a|b)/$')).to.throw(NoReverseMatch)
  })

  it('is not reversed with a value that it would not match', () => {
    expect(() => written('^(\\d{4})/$', '20')).to.throw(NoReverseMatch)
  })

  it('includes further patterns, with separate groups', () => {
    const inner = [rePath('^(b+)/$', index, { name: 'b' }), path('<int:n>/', index, { name: 'n' })]
    const urlconf = [rePath('^(a+)/', include(inner))]
    expect(resolve('/aa/bb/', urlconf).args).to.deep.equal(['aa', 'bb'])
    expect(resolve('/aa/3/', urlconf)).to.deep.include({ args: [], kwargs: { n: 3 }, route: '^(a+)/<int:n>/' })
    expect(reverse('b', { args: ['a', 'b'], urlconf })).to.equal('/a/b/')
  })
})
