/** Cookies on responses: HttpResponse and Koa share them. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { HttpResponse } from '#core/http'
import { getCookieSigner } from '#core/signing'
import { Client, RequestFactory, stopClock } from '#core/test'
import { appOf } from './serve.ts'

const requests = new RequestFactory()

async function linesOf(view: HttpResponse, ...middleware: Middleware[]): Promise<readonly string[]> {
  return (await new Client(appOf(() => view, ...middleware)).get('/')).setCookie
}

/** Changes Koa's response after the view has returned. */
const inMiddleware =
  (act: (response: Parameters<Middleware>[0]['response']) => void): Middleware =>
  async ({ response }, next) => {
    await next()
    act(response)
  }

/** HttpResponse, and Koa's response. */
type CookieSetter =
  | Pick<HttpResponse, 'setCookie' | 'setSignedCookie' | 'deleteCookie'>
  | Parameters<Middleware>[0]['response']

describe('a cookie of a response', () => {
  before(() => setup())

  it('can be set in a middleware as in a view', async () => {
    const setting = inMiddleware((response) =>
      response.setCookie('b', '2', { path: '/x/', httponly: true, samesite: 'Lax' }),
    )
    expect(await linesOf(new HttpResponse().setCookie('a', '1'), setting)).to.deep.equal([
      'a=1; Path=/',
      'b=2; HttpOnly; Path=/x/; SameSite=Lax',
    ])
  })

  it('replaces an earlier one with its name, whichever code set that', async () => {
    const koaCookie: Middleware = async (ctx, next) => {
      ctx.append('Set-Cookie', 'a=early')
      ctx.append('Set-Cookie', 'other=1')
      await next()
    }
    const view = new HttpResponse().setCookie('a', 'view', { secure: true })
    expect(await linesOf(view, koaCookie)).to.deep.equal(['a=view; Path=/; Secure', 'other=1'])
    const late = inMiddleware((response) => response.setCookie('a', 'late'))
    expect(await linesOf(new HttpResponse().setCookie('a', 'view', { secure: true }), late)).to.deep.equal([
      'a=late; Path=/; Secure',
    ])
  })

  it('can be deleted in a middleware', async () => {
    const deletion = inMiddleware((response) => response.deleteCookie('a', { samesite: 'Lax' }))
    expect(await linesOf(new HttpResponse().setCookie('a', '1'), deletion)).to.deep.equal([
      'a=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax',
    ])
  })

  /** What makes a browser delete a cookie. */
  const DELETIONS: Record<string, (response: CookieSetter) => unknown> = {
    deleteCookie: (response) => response.deleteCookie('a'),
    'an age of 0': (response) => response.setCookie('a', '', { maxAge: 0 }),
    'an age below 0': (response) => response.setCookie('a', '', { maxAge: -1 }),
    'a date in the past': (response) => response.setCookie('a', '', { expires: new Date(0) }),
    'a date as text': (response) => response.setCookie('a', '', { expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }),
  }

  for (const [name, remove] of Object.entries(DELETIONS)) {
    it(`is kept by the browser if it is set again after ${name}`, async () => {
      const setAgain = (response: CookieSetter): unknown => response.setCookie('a', 'new')
      const setSigned = (response: CookieSetter): unknown => response.setSignedCookie('a', 'new')
      const deleted = new HttpResponse()
      remove(deleted)
      const both = new HttpResponse()
      remove(both)
      setAgain(both)
      for (const [view, ...middleware] of [
        [both],
        [deleted, inMiddleware(setAgain)],
        [new HttpResponse(), inMiddleware(setAgain), inMiddleware(remove)],
      ] as [HttpResponse, ...Middleware[]][]) {
        expect(await linesOf(view, ...middleware)).to.deep.equal(['a=new; Path=/'])
      }
      for (const [view, ...middleware] of [
        [deleted, inMiddleware(setSigned)],
        [new HttpResponse(), inMiddleware(setSigned), inMiddleware(remove)],
      ] as [HttpResponse, ...Middleware[]][]) {
        const [line] = await linesOf(view, ...middleware)
        expect(line).to.match(/^a=new:[^;]+; Path=\/$/)
      }
      const lasting = new HttpResponse()
      remove(lasting)
      lasting.setCookie('a', 'new', { maxAge: 60 })
      expect((await linesOf(lasting))[0]).to.match(/^a=new; expires=[^;]+; Max-Age=60; Path=\/$/)
    })

    it(`is deleted by ${name} after it was set with an age`, async () => {
      const view = new HttpResponse().setCookie('a', '1', { maxAge: 60, httponly: true })
      const [line] = await linesOf(view, inMiddleware(remove))
      expect(line).to.match(/^a=""; expires=.*HttpOnly/)
      if (name === 'a date as text') expect(line).to.not.contain('Max-Age')
      else expect(line).to.match(/Max-Age=(0|-1);/)
    })
  }

  it('keeps a given age beside a given date', async () => {
    const options = { maxAge: 10, expires: new Date('2030-01-02T03:04:05.900Z') }
    expect(await linesOf(new HttpResponse().setCookie('a', '1', options))).to.deep.equal([
      'a=1; expires=Wed, 02 Jan 2030 03:04:05 GMT; Max-Age=10; Path=/',
    ])
  })

  it('refuses injected attributes and characters that are invalid in a header', () => {
    const response = new HttpResponse()
    for (const options of [
      { path: '/; Secure' },
      { domain: 'a\r\nX: y' },
      { expires: 'a;b' },
      { maxAge: Number.NaN },
      { maxAge: 1e12 },
      { maxAge: -1e300 },
      { expires: true as never },
      { expires: 3600n as never },
      { expires: { days: 1 } as never },
      { expires: Number.NEGATIVE_INFINITY },
      { maxAge: 1e300 },
      { expires: new Date(Number.NaN) },
      { expires: new Date(8.64e15) },
      { expires: 1e18 },
      { maxAge: 10, expires: new Date('+010000-01-01T00:00:00Z') },
    ]) {
      expect(() => response.setCookie('a', '1', options))
        .to.throw()
        .with.property('name', 'CookieError')
    }
    expect(() => response.setCookie('a', '€')).to.throw('encodeURIComponent')
    expect(() => response.setCookie('a b', '1')).to.throw("Illegal key 'a b'")
  })
})

describe('a signed cookie', () => {
  before(() => setup())

  const signed = (salt?: string): string =>
    new HttpResponse().setSignedCookie('basket', 'amber', salt === undefined ? {} : { salt }).cookies.get('basket')
      ?.value ?? ''

  const requestWith = (value: string): ReturnType<RequestFactory['get']> =>
    requests.get('/', { headers: { cookie: `basket=${value}` } })

  it('is read only under its name and salt', async () => {
    const request = await requestWith(signed('shop'))
    expect(request.getSignedCookie('basket', { salt: 'shop' })).to.equal('amber')
    expect(() => request.getSignedCookie('basket'))
      .to.throw()
      .with.property('name', 'BadSignature')
    expect(request.getSignedCookie('basket', { default: 'none' })).to.equal('none')
  })

  it('is signed with its name and salt, separated by the length of the salt', () => {
    const value = getCookieSigner('django.http.cookies.v2:4:shopbasket').unsign(signed('shop'))
    expect(value).to.equal('amber')
  })

  it('expires', async () => {
    const clock = stopClock(1_700_000_000_000)
    try {
      const request = await requestWith(signed())
      clock.advance(10)
      expect(request.getSignedCookie('basket', { maxAge: 10 })).to.equal('amber')
      clock.advance(1)
      expect(() => request.getSignedCookie('basket', { maxAge: 10 }))
        .to.throw()
        .with.property('name', 'SignatureExpired')
    } finally {
      clock.restore()
    }
  })

  it('of an earlier Django is read only if the settings allow it', async () => {
    const request = await requestWith(getCookieSigner('basketshop').sign('amber'))
    const salt = { salt: 'shop' }
    expect(() => request.getSignedCookie('basket', salt))
      .to.throw()
      .with.property('name', 'BadSignature')
    await overrideSettings({ SIGNED_COOKIE_LEGACY_SALT_FALLBACK: true }, () => {
      expect(request.getSignedCookie('basket', salt)).to.equal('amber')
    })
  })

  it('is signed by the class in SIGNING_BACKEND', () =>
    overrideSettings({ SIGNING_BACKEND: 'test.http.cookie_signer.LoudSigner' }, async () => {
      expect((await requestWith(signed())).getSignedCookie('basket')).to.equal('AMBER')
    }))

  it('requires a valid class in SIGNING_BACKEND', async () => {
    const failure = await overrideSettings({ SIGNING_BACKEND: 'test.http.cookie_signer.NoSigner' }, () => {}).catch(
      (error: Error) => error,
    )
    expect(failure)
      .to.be.an('error')
      .with.property('message')
      .that.contains(
        "SIGNING_BACKEND names 'test.http.cookie_signer.NoSigner', which should be TimestampSigner of #core/signing or a subclass of it",
      )
  })

  it('causes an error if it is absent, or returns the default', async () => {
    const request = await requests.get('/')
    expect(() => request.getSignedCookie('basket')).to.throw("no cookie 'basket'")
    expect(request.getSignedCookie('basket', { default: 'none' })).to.equal('none')
  })
})
