/** reverse() returns the URL of a pattern, and fails with Django's messages. */
import { expect } from 'chai'
import { overrideSettings } from '#core/conf'
import { setup } from '#core/apps'
import {
  clearScriptPrefix,
  getScriptPrefix,
  include,
  NoReverseMatch,
  path,
  rePath,
  reverse,
  type ReverseOptions,
  setScriptPrefix,
} from '#core/urls'
import { detail, index, viewNamed } from '../fixtures/views.ts'

const shop = [path('', index, { name: 'index' }), path('<int:id>/', detail, { name: 'item' })]
const urlconf = [
  path('', index, { name: 'home' }),
  path('posts/<int:pk>/', detail, { name: 'post' }),
  path('first-of-two/', index, { name: 'twice' }),
  path('second-of-two/', index, { name: 'twice' }),
  path('any/<path:rest>', index, { name: 'any' }),
  path('<path:rest>', index, { name: 'bare' }),
  path('s/<str:a>/', index, { name: 'str' }),
  rePath('^old/(?P<year>[0-9]{4})/$', index, { name: 'old' }),
  path('shop-a/', include([shop, 'shop'], { namespace: 'a' })),
  path('shop-b/', include([shop, 'shop'], { namespace: 'b' })),
  path('deep/<slug:s>/', include([path('shop-c/', include([shop, 'inner']))])),
  path('default/', include([shop, 'cart'])),
  path('default-2/', include([shop, 'cart'], { namespace: 'cart-2' })),
]
const to = (name: string, options: ReverseOptions = {}): string => reverse(name, { urlconf, ...options })
const failing = (name: string, options: ReverseOptions = {}): Chai.Assertion =>
  expect(() => to(name, options))
    .to.throw(NoReverseMatch)
    .with.property('message')

describe('reverse', () => {
  afterEach(clearScriptPrefix)

  it('fills a route by position or by name', () => {
    expect(to('post', { args: [3] })).to.equal('/posts/3/')
    expect(to('post', { kwargs: { pk: '3' } })).to.equal('/posts/3/')
  })

  it('finds a pattern by its view', () => {
    const view = viewNamed('view')
    expect(reverse(view, { args: [3], urlconf: [path('v/<int:n>/', view)] })).to.equal('/v/3/')
  })

  it('uses the last of several matching patterns', () => {
    expect(to('twice')).to.equal('/second-of-two/')
  })

  it('ignores kwargs that are undefined', () => {
    expect(to('home', { kwargs: { page: undefined } })).to.equal('/')
  })

  it('separates two instances that are included under one name', () => {
    expect(to('shop:item', { args: [1], currentApp: 'a' })).to.equal('/shop-a/1/')
    expect(to('shop:item', { args: [1], currentApp: 'b' })).to.equal('/shop-b/1/')
    expect(to('shop:item', { args: [1], currentApp: 'elsewhere' })).to.equal('/shop-b/1/')
    expect(to('shop:item', { args: [1] })).to.equal('/shop-b/1/')
  })

  it('prefers the instance named like the application', () => {
    expect(to('cart:index')).to.equal('/default/')
    expect(to('cart:index', { currentApp: 'cart-2' })).to.equal('/default-2/')
  })

  it('finds a namespace within an include without one', () => {
    expect(to('inner:item', { kwargs: { s: 'x', id: 2 } })).to.equal('/deep/x/shop-c/2/')
  })

  it('encodes all characters that RFC 3986 does not allow in a path', () => {
    expect(to('any', { args: ["a!$&'()*+,;=/~:@-._z"] })).to.equal("/any/a!$&'()*+,;=/~:@-._z")
    expect(to('any', { args: ['ä ?#%[]"<>\\^`{|}\u{1F600}'] })).to.equal(
      '/any/%C3%A4%20%3F%23%25%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D%F0%9F%98%80',
    )
    expect(to('any', { args: ['\ud800'] })).to.equal('/any/%EF%BF%BD')
  })

  it('never returns a URL that leads to another host', () => {
    expect(to('bare', { args: ['/evil.example/'] })).to.equal('/%2Fevil.example/')
  })

  it('appends a query, a key with a list several times', () => {
    const query = { q: 'a b&c=~*', page: 2, tag: ['x', 'ä'], none: undefined }
    expect(to('home', { query })).to.equal('/?q=a+b%26c%3D~%2A&page=2&tag=x&tag=%C3%A4')
    expect(to('home', { query: new URLSearchParams('a=1&a=2&b=%2F') })).to.equal('/?a=1&a=2&b=%2F')
    expect(
      to('home', {
        query: [
          ['a', '1'],
          ['a', [2, 3]],
        ],
      }),
    ).to.equal('/?a=1&a=2&a=3')
    expect(to('home', { query: {} })).to.equal('/')
  })

  it('refuses null in a query', () => {
    const query = { a: null as unknown as string }
    expect(() => to('home', { query })).to.throw(TypeError, "Cannot encode null for key 'a' in a query string.")
  })

  it('appends a fragment', () => {
    expect(to('home', { query: { a: '1' }, fragment: 'top#ä b' })).to.equal('/?a=1#top%23%C3%A4%20b')
  })

  it('prepends the script prefix', async () => {
    await setup()
    expect(getScriptPrefix()).to.equal('/')
    setScriptPrefix('/my site')
    expect(getScriptPrefix()).to.equal('/my site/')
    expect(to('post', { args: [3] })).to.equal('/my%20site/posts/3/')
    clearScriptPrefix()
    await overrideSettings({ FORCE_SCRIPT_NAME: '/forced' }, () => {
      expect(to('post', { args: [3] })).to.equal('/forced/posts/3/')
    })
  })

  it('does not mix args and kwargs', () => {
    expect(() => to('post', { args: [3], kwargs: { pk: 3 } })).to.throw(TypeError, "Don't mix args and kwargs")
  })

  it("reports an unknown name with Django's message", () => {
    failing('nope').that.equals("Reverse for 'nope' not found. 'nope' is not a valid view function or pattern name.")
    failing('a:nope').that.equals("Reverse for 'nope' not found. 'nope' is not a valid view function or pattern name.")
    failing('nope:index').that.equals("'nope' is not a registered namespace")
    failing('a:nope:index').that.equals("'nope' is not a registered namespace inside 'a'")
  })

  it("reports the patterns that do not match the arguments with Django's message", () => {
    const post = "not found. 1 pattern(s) tried: ['posts/(?P<pk>[0-9]+)/\\\\Z']"
    failing('post').that.equals(`Reverse for 'post' with no arguments ${post}`)
    failing('post', { args: ['x', 1] }).that.equals(`Reverse for 'post' with arguments '('x', 1)' ${post}`)
    failing('post', { args: [-1] }).that.equals(`Reverse for 'post' with arguments '(-1,)' ${post}`)
    failing('post', { kwargs: { pk: "it's", on: true } }).that.equals(
      `Reverse for 'post' with keyword arguments '{'pk': "it's", 'on': True}' ${post}`,
    )
    failing('twice', { args: [null] }).that.equals(
      "Reverse for 'twice' with arguments '(None,)' not found. 2 pattern(s) tried: ['second\\\\-of\\\\-two/\\\\Z', 'first\\\\-of\\\\-two/\\\\Z']",
    )
    failing('old', { args: ['20'] }).that.equals(
      "Reverse for 'old' with arguments '('20',)' not found. 1 pattern(s) tried: ['old/(?P<year>[0-9]{4})/$']",
    )
    failing('a:item').that.equals(
      "Reverse for 'item' with no arguments not found. 1 pattern(s) tried: ['shop\\\\-a/(?P<id>[0-9]+)/\\\\Z']",
    )
  })
})
