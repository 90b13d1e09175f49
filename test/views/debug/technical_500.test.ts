/** The technical page of an error shows what a developer needs, no secrets, and no client input as HTML. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { DisallowedHost, ImproperlyConfigured } from '#core/exceptions'
import type { HttpRequest } from '#core/http'
import { engines, escapeHtml } from '#core/template'
import { RequestFactory } from '#core/test'
import { technical500 } from '#core/views'

const SETTINGS = {
  DEBUG: true,
  SECRET_KEY: 'the-key-of-this-site',
  DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'shop', PASSWORD: 'pw<of>database' } },
  CACHES: { default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'redis://u:cache-pass@h/1' } },
  EMAIL_HOST_PASSWORD: 'mail-password',
  STRIPE_API_KEY: 'stripe-key-1',
  SHOP_NAME: '<Shop>',
}

const SECRETS = [
  'the-key-of-this-site',
  'pw<of>database',
  'cache-pass',
  'mail-password',
  'stripe-key-1',
  'session-key-value',
  'bearer-credentials',
  'form-password',
  'query-token',
  'csrf-cookie-value',
  'api-header-value',
]

/** An error whose frames do not show the source of the test itself. */
function withoutStack(message: string): Error {
  const error = new Error(message)
  delete error.stack
  return error
}

describe('the technical 500 page', () => {
  const requests = new RequestFactory()
  const request = (headers: Record<string, string> = {}): Promise<HttpRequest> =>
    requests.post('/buy/?page=%3Cb%3E&token=query-token', {
      data: { name: '<i>Ann</i>', password: 'form-password' },
      headers: {
        accept: 'text/html,*/*;q=0.8',
        authorization: 'Bearer bearer-credentials',
        cookie: 'sessionid=session-key-value; csrftoken=csrf-cookie-value; theme=<dark>',
        'x-api-key': 'api-header-value',
        'x-note': '<u>note</u>',
        ...headers,
      },
    })
  const page = async (error: unknown, headers: Record<string, string> = {}): Promise<string> => {
    const httpRequest = await request(headers)
    return overrideSettings(SETTINGS, () => technical500(httpRequest, error).text)
  }

  before(() => setup())

  it('shows the type, the message, the request, and the source location', async () => {
    const text = await page(new RangeError('too <many> "things"'))
    expect(text).to.contain('<title>RangeError at /buy/</title>')
    expect(text).to.contain('too &lt;many&gt; &quot;things&quot;')
    expect(text).to.contain('POST').and.contain('http://testserver/buy/?page=%3Cb%3E&amp;token=****')
    expect(text).to.contain('test/views/debug/technical_500.test.ts, line ')
  })

  it('shows the source around a frame of the project, open, and folds those of node_modules', async () => {
    const text = await page(new Error('marker of this very line'))
    expect(text).to.match(/<details class="frame" open>\s*<summary><b>test\/views\/debug\/technical_500\.test\.ts<\/b>/)
    expect(text).to.match(/<tr class="current">.*page\(new Error\(&#x27;marker of this very line&#x27;\)\)/)
    expect(text).to.match(/<details class="frame folded"><summary>\d+ frames? in node_modules/)
  })

  it('shows the chain of causes', async () => {
    const text = await page(new Error('outer', { cause: new TypeError('in<ner>', { cause: 'innermost' }) }))
    expect(text).to.contain('<b>TypeError</b>: in&lt;ner&gt;').and.contain('<b>Thrown</b>: innermost')
  })

  it('shows GET, POST, COOKIES, headers and settings', async () => {
    const text = await page(new Error('x'))
    for (const shown of [
      '&lt;b&gt;',
      '&lt;i&gt;Ann&lt;/i&gt;',
      '&lt;dark&gt;',
      '&lt;u&gt;note&lt;/u&gt;',
      '&lt;Shop&gt;',
      'SHOP_NAME',
    ]) {
      expect(text).to.contain(shown)
    }
  })

  it('escapes all HTML', async () => {
    const error = new Error('<script>alert(1)</script>', { cause: new Error('<img src=x>') })
    error.name = '<svg>'
    const text = await page(error, { host: 'testserver', 'x-evil': '"><script>', cookie: 'a="<script>"' })
    expect(text.match(/<script|<svg|<img|<i>|<u>|<dark|<Shop/gi)).to.equal(null)
  })

  for (const accept of ['text/html', 'application/json']) {
    it(`shows no secret, as ${accept}, not even one inside a message`, async () => {
      const error = new Error(`connect failed: ${SECRETS.join(' ')}`, { cause: new Error('redis://u:other-pass@h') })
      const text = await page(error, { accept })
      for (const secret of SECRETS) expect(text, secret).not.to.contain(secret).and.not.contain(escapeHtml(secret))
      expect(text).to.contain('********************')
    })
  }

  it('masks a secret next to its name, even if it is too short to be searched for everywhere', async () => {
    const httpRequest = await requests.post('/?token=qt1&a=b', {
      data: { pass: 'fp1' },
      headers: { cookie: 'sessionid=sk1', 'x-token': 'ht1' },
    })
    const DATABASES = { default: { ENGINE: 'core.db.backends.sqlite3', PASSWORD: 'dp1', NAME: 'x' } }
    const CACHES = { default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'redis://u:cp1@h' } }
    await overrideSettings({ DEBUG: true, DATABASES, CACHES, MY_TOKEN: 'mt1' }, () => {
      for (const accept of ['text/html', 'application/json']) {
        Object.assign(httpRequest.headers, { accept })
        expect(technical500(httpRequest, withoutStack('x')).text).not.to.match(/(qt|fp|sk|ht|dp|cp|mt)1/)
      }
    })
  })

  it('masks a literal under a secret name in the source', async () => {
    const password = 'zq9'
    const text = await page(new Error(`length ${password.length}`))
    expect(text).to.contain('const password = ').and.not.contain(['z', 'q9'].join(''))
  })

  it("shows nothing of the session's content", async () => {
    const httpRequest = await request()
    Object.assign(httpRequest, { session: { cart: 'content-of-the-session' } })
    const text = await overrideSettings(SETTINGS, () => technical500(httpRequest, withoutStack('x')).text)
    expect(text).not.to.contain('content-of-the-session')
  })

  it('is plain text for a client that does not accept HTML', async () => {
    const httpRequest = await request({ accept: 'application/json' })
    await overrideSettings(SETTINGS, () => {
      const response = technical500(httpRequest, new RangeError('too <many>', { cause: new Error('why') }))
      expect(response.status).to.equal(500)
      expect(response.headers.get('Content-Type')).to.equal('text/plain; charset=utf-8')
      expect(response.text).to.match(/^RangeError at \/buy\/\ntoo <many>\n/)
      expect(response.text).to.contain('Caused by Error: why').and.not.contain('<html')
    })
  })

  it('is HTML for a client that accepts anything, or sends no Accept', async () => {
    for (const accept of ['*/*', 'text/*']) expect(await page(new Error('x'), { accept })).to.contain('<!doctype html>')
    const httpRequest = await requests.get('/')
    expect(await overrideSettings(SETTINGS, () => technical500(httpRequest, new Error('x')).text)).to.contain(
      '<!doctype html>',
    )
  })

  it('loads nothing from other hosts and runs no scripts', async () => {
    expect(await page(withoutStack('x'))).not.to.match(/<script|<link|<img|@import|url\(|src=/i)
  })

  it('shows the line of a template', async () => {
    const fail = (): never => {
      throw new RangeError('late')
    }
    let error: unknown
    try {
      engines().get('django').fromString('one\n{{ fail }}').render({ fail })
    } catch (thrown) {
      error = thrown
    }
    expect(await page(error)).to.contain('<tr><th>Template</th><td>&lt;string&gt;, line 2</td></tr>')
  })

  it('supports a refused host, an unreadable request, and a thrown value that is not an error', async () => {
    expect(await page(new DisallowedHost('Invalid HTTP_HOST header'), { host: 'evil<x>' })).to.contain(
      'http://evil&lt;x&gt;/buy/',
    )
    expect(await page('a text')).to.contain('a text')
    expect(await page(undefined)).to.contain('Nothing was thrown.')
    const httpRequest = await requests.get(`/?${'a=1&'.repeat(5)}`)
    const text = await overrideSettings(
      { ...SETTINGS, DATA_UPLOAD_MAX_NUMBER_FIELDS: 2 },
      () => technical500(httpRequest, new Error('x')).text,
    )
    expect(text).to.contain('(cannot be read)')
  })

  it('is refused outside DEBUG', async () => {
    const httpRequest = await request()
    await overrideSettings({ ...SETTINGS, DEBUG: false, ALLOWED_HOSTS: ['*'] }, () => {
      expect(() => technical500(httpRequest, new Error('x'))).to.throw(ImproperlyConfigured, 'DEBUG is false')
    })
  })
})
