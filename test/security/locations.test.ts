/** URLs that a client supplies and a view makes absolute: an invalid one is the client's error. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { RequestFactory } from '#core/test'

const NOT_URLS: readonly string[] = [
  '//a b/',
  '//a:99999/',
  '//a:x/',
  '//%/',
  '//a%00b/',
  '//[x]/',
  '//[::1/',
  '//xn--/',
  '//user@/x',
  '//\ud800/',
  'https:[',
]

const URLS: Readonly<Record<string, string>> = {
  '': 'http://testserver/shop/',
  '?a=%': 'http://testserver/shop/?a=%',
  '//[::1]:8000/x': 'http://[::1]:8000/x',
  '//other.example/ü': 'http://other.example/%C3%BC',
  '///x': 'http://testserver///x',
  'a\0b': 'http://testserver/shop/a%00b',
  '\ud800': 'http://testserver/shop/%EF%BF%BD',
}

describe('the absolute URL of a location', () => {
  before(() => setup())

  const absolute = async (location: string): Promise<string> => {
    const request = await new RequestFactory().get('/shop/')
    try {
      return request.buildAbsoluteUri(location)
    } catch (error) {
      return (error as Error).name
    }
  }

  for (const location of NOT_URLS) {
    it(`is refused for ${JSON.stringify(location)}`, async () => {
      expect(await absolute(location)).to.equal('BadRequest')
    })
  }

  for (const [location, expected] of Object.entries(URLS)) {
    it(`of ${JSON.stringify(location)} is ${expected}`, async () => {
      expect(await absolute(location)).to.equal(expected)
    })
  }
})
