/** The request as a view sees it. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { RequestFactory } from '#core/test'

const requests = new RequestFactory()

describe('a request', () => {
  before(() => setup())

  it('has the fields of its query string in GET', async () => {
    const request = await requests.get('/?a=1&a=2&b=%C3%BC+x')
    expect(request.GET.getAll('a')).to.deep.equal(['1', '2'])
    expect(request.GET.get('b')).to.equal('ü x')
    expect(request.GET).to.equal(request.GET)
  })

  it('keeps a question mark that belongs to the first name', async () => {
    const request = await requests.get('/??a=1')
    expect(request.GET.get('?a')).to.equal('1')
  })

  it('survives broken percent-escapes in the query string', async () => {
    const request = await requests.get('/?a=%zz&b=%C3&%=1')
    expect(request.GET.get('a')).to.equal('%zz')
    expect(request.GET.get('b')).to.equal('\ufffd')
  })

  it('refuses more GET fields than DATA_UPLOAD_MAX_NUMBER_FIELDS', async () => {
    await overrideSettings({ DATA_UPLOAD_MAX_NUMBER_FIELDS: 2 }, async () => {
      expect((await requests.get('/?a=1&b=2')).GET.size).to.equal(2)
      const request = await requests.get('/?a=1&b=2&c=3')
      expect(() => request.GET)
        .to.throw()
        .with.property('name', 'TooManyFieldsSent')
    })
  })

  it('accepts any number of fields if the limit is null', async () => {
    await overrideSettings({ DATA_UPLOAD_MAX_NUMBER_FIELDS: null }, async () => {
      const request = await requests.get(`/?${'a=1&'.repeat(1500)}`)
      expect(request.GET.getAll('a')).to.have.length(1500)
    })
  })

  it('has its cookies in an object without a prototype', async () => {
    const request = await requests.get('/', { headers: { cookie: 'a=1; __proto__=x; constructor=y' } })
    expect(request.COOKIES.a).to.equal('1')
    expect(Object.getPrototypeOf(request.COOKIES)).to.equal(null)
    expect(Object.keys(request.COOKIES)).to.deep.equal(['a', '__proto__', 'constructor'])
    expect('toString' in request.COOKIES).to.equal(false)
  })

  it('reads cookies that a browser sent in UTF-8', async () => {
    const header = Buffer.from('name=ü€').toString('latin1')
    expect((await requests.get('/', { headers: { cookie: header } })).COOKIES.name).to.equal('ü€')
  })

  it('has its decoded path in pathInfo, without the script name', async () => {
    await overrideSettings({ FORCE_SCRIPT_NAME: '/site/' }, async () => {
      expect((await requests.get('/site/a%20b/')).pathInfo).to.equal('/a b/')
      expect((await requests.get('/site')).pathInfo).to.equal('/')
      expect((await requests.get('/sitemap/')).pathInfo).to.equal('/sitemap/')
      expect((await requests.get('/x/')).getFullPath()).to.equal('/site/x/')
    })
  })

  it('refuses a path with a broken percent-escape', async () => {
    const request = await requests.get('/%zz/?a=1')
    expect(() => request.pathInfo)
      .to.throw()
      .with.property('name', 'BadRequest')
    expect(request.getFullPath()).to.equal('/%zz/?a=1')
  })

  it('returns its full path, escaped for a link', async () => {
    expect((await requests.get('/a%20b?q=%C3%BC')).getFullPath()).to.equal('/a%20b?q=%C3%BC')
    expect((await requests.get('/a?q=1')).getFullPath({ forceAppendSlash: true })).to.equal('/a/?q=1')
    expect((await requests.get('//evil.example/x')).getFullPath()).to.equal('/%2Fevil.example/x')
  })

  it('builds absolute URLs of itself and of locations', async () => {
    const request = await requests.get('/shop/list/?page=2', { secure: true })
    expect(request.buildAbsoluteUri()).to.equal('https://testserver/shop/list/?page=2')
    expect(request.buildAbsoluteUri('/ü/')).to.equal('https://testserver/%C3%BC/')
    expect(request.buildAbsoluteUri('item/?a=1')).to.equal('https://testserver/shop/list/item/?a=1')
    expect(request.buildAbsoluteUri('../x')).to.equal('https://testserver/shop/x')
    expect(request.buildAbsoluteUri('/a/../b')).to.equal('https://testserver/b')
    expect(request.buildAbsoluteUri('//other.example/x')).to.equal('https://other.example/x')
    expect(request.buildAbsoluteUri('http://other.example/x')).to.equal('http://other.example/x')
  })
})
