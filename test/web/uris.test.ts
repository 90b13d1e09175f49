/** URLs as strings. */
import { expect } from 'chai'
import { iriToUri, quoteUri, splitUrl, urlHasAllowedHostAndScheme } from '#core/web'

describe('a URL string', () => {
  it('is quoted except for the characters that are named safe', () => {
    expect(quoteUri("a b/ü!'()*~-_.")).to.equal('a%20b/%C3%BC%21%27%28%29%2A~-_.')
    expect(quoteUri('a/b:c', ':')).to.equal('a%2Fb:c')
  })

  it('keeps its percent-escapes in the conversion to a URI', () => {
    expect(iriToUri('/a%2Fb%25[1]/%')).to.equal('/a%2Fb%25[1]/%')
  })

  it('may hold a lone surrogate, which is replaced', () => {
    expect(iriToUri('/\ud800')).to.equal('/%EF%BF%BD')
    expect(quoteUri('\udc00')).to.equal('%EF%BF%BD')
  })

  it('is split as written', () => {
    expect(splitUrl('HTTP://user@Host:80/a;b?c#d?e')).to.deep.equal({
      scheme: 'http',
      netloc: 'user@Host:80',
      path: '/a;b',
      query: 'c',
      fragment: 'd?e',
    })
    expect(splitUrl('http://[::1')).to.equal(undefined)
  })

  it('is an unsafe redirect if a browser would leave the site', () => {
    for (const url of [
      'java\nscript:alert(1)',
      '/\t/evil.example',
      '\x00//evil.example',
      '\u200e//evil.example',
      `/${'x'.repeat(2048)}`,
      null,
    ]) {
      expect(urlHasAllowedHostAndScheme(url, 'shop.example'), String(url)).to.equal(false)
    }
    expect(urlHasAllowedHostAndScheme('https://shop.example/', new Set(['shop.example']))).to.equal(true)
    expect(urlHasAllowedHostAndScheme('/x', null)).to.equal(true)
  })
})
