/** CSRF protection: refused requests and their reasons, cookies, and the decorators of views. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { createApplication } from '#core/handlers'
import { skipCsrfCheck } from '#core/middleware'
import type { Client, ClientResponse } from '#core/test'
import { maskSecret, secretOf, tokenMatches } from '../../core/middleware/csrf_tokens.ts'
import { forgetProxyHint } from '../../core/middleware/security.ts'
import { withDatabase } from '../contrib/sessions/database.ts'
import { withSite, lines, templates } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.csrf.CsrfViewMiddleware']
const SECRET = 'BwYVMIAJ3wDesWuGalIKSbIP5wCoe6jY'
const OTHER = 'AGeD8PGbnRZDB3pWASKOHy5yqHmqiJCV'
const data = { csrfmiddlewaretoken: maskSecret(SECRET) }
const cookie = `csrftoken=${SECRET}`

interface Sent {
  readonly headers?: Record<string, string>
  readonly data?: Record<string, string>
  readonly secure?: boolean
}

/** The logged reason of a refused POST to the plain view; undefined if it is accepted. */
function reasonFor(sent: Sent, settings: Settings = {}): Promise<string | undefined> {
  return withSite({ MIDDLEWARE, ...settings }, async (client, logs) => {
    const { status } = await client.post('/with/', { data, ...sent, headers: { cookie, ...sent.headers } })
    const [line] = lines(logs.filter(({ logger }) => logger === 'django.security.csrf'))
    expect(status).to.equal(line === undefined ? 200 : 403)
    return line?.replace(/^django\.security\.csrf: Forbidden \((.*)\): \/with\/$/, '$1')
  })
}

const tokenIn = ({ text }: ClientResponse): string =>
  /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(text)?.[1] ?? 'no token'

const bad = (origin: string): string => `Origin checking failed - ${origin} does not match any trusted origins.`
const badReferer = (referer: string): string =>
  `Referer checking failed - ${referer} does not match any trusted origins.`

describe('CsrfViewMiddleware', () => {
  before(() => setup())

  it('gives a form its token and the client its cookie, and accepts the form', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      const page = await client.get('/form/')
      expect(page.headers.vary).to.equal('Cookie')
      const [line = ''] = page.setCookie
      expect(line).to.match(/^csrftoken=[a-zA-Z0-9]{32}; expires=.+ GMT; Max-Age=31449600; Path=\/; SameSite=Lax$/)
      const secret = page.cookies.csrftoken?.value ?? ''
      expect(tokenIn(page)).to.have.length(64)
      expect(tokenMatches(tokenIn(page), secret)).to.equal(true)
      expect((await client.post('/with/', { data: { csrfmiddlewaretoken: tokenIn(page) } })).status).to.equal(200)
      const form = new FormData()
      form.set('csrfmiddlewaretoken', tokenIn(page))
      expect((await client.post('/with/', { data: form })).status).to.equal(200)
    }))

  it('masks each token again, and keeps the secret', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      const [one = '', two = ''] = (await client.get('/two-tokens/', { headers: { cookie } })).json<string[]>()
      expect(one).to.not.equal(two)
      expect(one.slice(0, 32)).to.not.equal(two.slice(0, 32))
      expect([secretOf(one), secretOf(two)]).to.deep.equal([SECRET, SECRET])
    }))

  it('sends the cookie only if a token was used', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      expect((await client.get('/')).setCookie).to.deep.equal([])
      const known = await client.get('/', { headers: { cookie } })
      expect([known.setCookie, known.headers.vary]).to.deep.equal([[], undefined])
      expect((await client.get('/form/', { headers: { cookie } })).cookies.csrftoken?.value).to.equal(SECRET)
    }))

  it('replaces a malformed cookie immediately, and writes a masked one without its mask', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      const mended = await client.get('/', { headers: { cookie: 'csrftoken=nonsense' } })
      expect(mended.cookies.csrftoken?.value).to.match(/^[a-zA-Z0-9]{32}$/)
      const masked = await client.get('/form/', { headers: { cookie: `csrftoken=${maskSecret(SECRET)}` } })
      expect(masked.cookies.csrftoken?.value).to.equal(SECRET)
    }))

  it('rotates the secret on demand', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      const { cookies } = await client.get('/rotating/', { headers: { cookie } })
      expect(cookies.csrftoken?.value).to.match(/^[a-zA-Z0-9]{32}$/)
      expect(cookies.csrftoken?.value).to.not.equal(SECRET)
    }))

  it('has every cookie attribute from the settings', () =>
    withSite(
      {
        MIDDLEWARE,
        CSRF_COOKIE_NAME: 'guard',
        CSRF_COOKIE_AGE: null,
        CSRF_COOKIE_DOMAIN: 'example.com',
        CSRF_COOKIE_PATH: '/x/',
        CSRF_COOKIE_SECURE: true,
        CSRF_COOKIE_HTTPONLY: true,
        CSRF_COOKIE_SAMESITE: 'Strict',
      },
      async (client) => {
        const [line = ''] = (await client.get('/form/')).setCookie
        expect(line.replace(/=[a-zA-Z0-9]{32};/, '=…;')).to.equal(
          'guard=…; Domain=example.com; HttpOnly; Path=/x/; SameSite=Strict; Secure',
        )
      },
    ))

  describe('refuses with Django’s reason:', () => {
    const header = (token: string): Sent => ({ data: {}, headers: { 'x-csrftoken': token } })
    const short = SECRET.slice(1)
    const cases: [string, Sent, string | undefined][] = [
      ['a good field', {}, undefined],
      ['a good header', header(maskSecret(SECRET)), undefined],
      ['the bare secret in the header', header(SECRET), undefined],
      ['no cookie', { headers: { cookie: 'a=b' } }, 'CSRF cookie not set.'],
      ['a short cookie', { headers: { cookie: `csrftoken=${short}` } }, 'CSRF cookie has incorrect length.'],
      ['a strange cookie', { headers: { cookie: `csrftoken=${short}-` } }, 'CSRF cookie has invalid characters.'],
      ['no token', { data: {} }, 'CSRF token missing.'],
      ['an empty field and no header', { data: { csrfmiddlewaretoken: '' } }, 'CSRF token missing.'],
      [
        'a field with another secret',
        { data: { csrfmiddlewaretoken: maskSecret(OTHER) } },
        'CSRF token from POST incorrect.',
      ],
      ['a short field', { data: { csrfmiddlewaretoken: short } }, 'CSRF token from POST has incorrect length.'],
      [
        'a strange field',
        { data: { csrfmiddlewaretoken: `${short}!` } },
        'CSRF token from POST has invalid characters.',
      ],
      ['a header with another secret', header(OTHER), "CSRF token from the 'X-Csrftoken' HTTP header incorrect."],
      ['a short header', header(short), "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."],
      [
        'a bad field next to a good header',
        { data: { csrfmiddlewaretoken: maskSecret(OTHER) }, headers: { 'x-csrftoken': SECRET } },
        'CSRF token from POST incorrect.',
      ],
    ]
    for (const [name, sent, reason] of cases) {
      it(name, async () => {
        expect(await reasonFor(sent)).to.equal(reason)
      })
    }

    it('another header, by CSRF_HEADER_NAME', async () => {
      const CSRF_HEADER_NAME = 'HTTP_X_XSRF_TOKEN'
      const sent = (token: string): Sent => ({ data: {}, headers: { 'x-xsrf-token': token } })
      expect(await reasonFor(sent(SECRET), { CSRF_HEADER_NAME })).to.equal(undefined)
      const reason = "CSRF token from the 'X-Xsrf-Token' HTTP header incorrect."
      expect(await reasonFor(sent(OTHER), { CSRF_HEADER_NAME })).to.equal(reason)
    })
  })

  describe('with an Origin', () => {
    const CSRF_TRUSTED_ORIGINS = ['https://pay.example.net', 'https://*.example.org', 'http://local.test:8000']
    const cases: [origin: string, secure: boolean, isGood: boolean][] = [
      ['http://testserver', false, true],
      ['https://testserver', true, true],
      ['https://testserver', false, false],
      ['http://testserver', true, false],
      ['http://testserver:8000', false, false],
      ['http://testserver.evil.test', false, false],
      ['http://eviltestserver', false, false],
      ['null', false, false],
      ['', false, false],
      ['https://pay.example.net', true, true],
      ['http://pay.example.net', true, false],
      ['https://pay.example.net.evil.test', true, false],
      ['https://a.example.org', true, true],
      ['https://a.b.example.org', true, true],
      ['https://example.org', true, true],
      ['http://a.example.org', true, false],
      ['https://aexample.org', true, false],
      ['https://a.example.org.evil.test', true, false],
      ['https://a.example.org:444', true, false],
      ['http://local.test:8000', false, true],
      ['http://[bad', false, false],
    ]
    for (const [origin, secure, isGood] of cases) {
      it(`${isGood ? 'accepts' : 'refuses'} '${origin}', over ${secure ? 'https' : 'http'}`, async () => {
        const reason = await reasonFor({ headers: { origin }, secure }, { CSRF_TRUSTED_ORIGINS })
        expect(reason).to.equal(isGood ? undefined : bad(origin))
      })
    }

    it('ignores the Referer', async () => {
      const origin = 'https://testserver'
      expect(await reasonFor({ headers: { origin, referer: 'https://evil.test/' }, secure: true })).to.equal(undefined)
      const headers = { origin: 'https://evil.test', referer: 'https://testserver/' }
      expect(await reasonFor({ headers, secure: true })).to.equal(bad('https://evil.test'))
    })
  })

  describe('checks a Referer over https if there is no Origin:', () => {
    const CSRF_TRUSTED_ORIGINS = ['https://pay.example.net', 'https://*.example.org']
    const malformed = 'Referer checking failed - Referer is malformed.'
    const cases: [referer: string | undefined, reason: string | undefined][] = [
      [undefined, 'Referer checking failed - no Referer.'],
      ['', malformed],
      ['https://testserver/page/', undefined],
      ['https://testserver', undefined],
      ['https://testserver:8443/', badReferer('https://testserver:8443/')],
      ['https://evil.test/?https://testserver/', badReferer('https://evil.test/?https://testserver/')],
      ['https://testserver.evil.test/', badReferer('https://testserver.evil.test/')],
      ['https://testserver@evil.test/', badReferer('https://testserver@evil.test/')],
      ['http://testserver/', 'Referer checking failed - Referer is insecure while host is secure.'],
      ['testserver', malformed],
      ['//testserver/', malformed],
      ['https:///page', malformed],
      ['https://[bad/', malformed],
      ['https://pay.example.net/', undefined],
      ['https://a.example.org/', undefined],
      ['https://aexample.org/', badReferer('https://aexample.org/')],
    ]
    for (const [referer, reason] of cases) {
      it(String(referer), async () => {
        const headers = referer === undefined ? {} : { referer }
        expect(await reasonFor({ headers, secure: true }, { CSRF_TRUSTED_ORIGINS })).to.equal(reason)
      })
    }

    it('of the cookie domain, if it is set', async () => {
      const headers = { referer: 'https://sister.example.com/' }
      const CSRF_COOKIE_DOMAIN = '.example.com'
      expect(await reasonFor({ headers, secure: true }, { CSRF_COOKIE_DOMAIN })).to.equal(undefined)
      expect(await reasonFor({ headers, secure: true })).to.equal(badReferer('https://sister.example.com/'))
    })
  })

  it('does not check safe methods, and URLs without a page', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) {
        expect((await client.request(method, '/with/', { headers: { origin: 'https://evil.test' } })).status).to.equal(
          200,
        )
      }
      expect((await client.post('/nowhere/')).status).to.equal(404)
      for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
        expect((await client.request(method, '/with/')).status).to.equal(403)
      }
    }))

  it('protects the routes of a Koa router further inside', () => {
    const router = (ctx: { body: unknown }): void => {
      ctx.body = 'transferred'
    }
    return withSite({ MIDDLEWARE: [...MIDDLEWARE, router] }, async (client) => {
      expect((await client.post('/transfer/')).status).to.equal(403)
      expect((await client.post('/transfer/', { data, headers: { cookie } })).text).to.equal('transferred')
    })
  })

  it('leaves a body that is not a form to the view', () =>
    withSite({ MIDDLEWARE, DATA_UPLOAD_MAX_MEMORY_SIZE: 10 }, async (client) => {
      const upload = { data: Buffer.alloc(5000), headers: { cookie, 'x-csrftoken': SECRET } }
      expect((await client.post('/raw/', upload)).json()).to.deep.equal({ size: 5000 })
      expect((await client.post('/raw/', { data: Buffer.alloc(5000), headers: { cookie } })).status).to.equal(403)
    }))

  it('can be disabled in a test client', () =>
    withSite({ MIDDLEWARE }, async () => {
      const handle = (await createApplication()).callback()
      const server = http.createServer((req, res) => {
        if (req.url === '/with/') skipCsrfCheck(req)
        void handle(req, res)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const post = async (path: string): Promise<number> => {
        const options = {
          port: (server.address() as AddressInfo).port,
          path,
          method: 'POST',
          headers: { host: 'testserver' },
        }
        const response = await new Promise<http.IncomingMessage>((resolve) => {
          http.request(options, resolve).end()
        })
        response.resume()
        return response.statusCode ?? 0
      }
      expect([await post('/with/'), await post('/')]).to.deep.equal([200, 403])
      await new Promise((resolve) => server.close(resolve))
    }))

  describe('responds with', () => {
    it('a page that hides the reason, and shows it under DEBUG', async () => {
      const page = (DEBUG: boolean): Promise<string> =>
        withSite({ MIDDLEWARE, DEBUG }, async (client) => (await client.post('/with/')).text)
      const hidden = await page(false)
      expect(hidden).to.contain('CSRF verification failed. Request aborted.').and.contain('DEBUG=True')
      expect(hidden).to.contain('together with a cookie').and.not.contain('CSRF cookie not set')
      expect(await page(true))
        .to.contain('CSRF cookie not set.')
        .and.contain('{% csrf_token %}')
    })

    it('no unescaped input of the client', () =>
      withSite({ MIDDLEWARE, DEBUG: true }, async (client) => {
        const { text } = await client.post('/with/', { headers: { origin: 'http://<script>' } })
        expect(text).to.contain('http://&lt;script&gt;').and.not.contain('<script>')
      }))

    it('the template 403_csrf.html, if there is one', () => {
      const TEMPLATES = templates(path.join(import.meta.dirname, 'site/failure'))
      return withSite({ MIDDLEWARE, TEMPLATES }, async (client) => {
        const { status, text } = await client.post('/with/')
        expect([status, text.trim()]).to.deep.equal([403, 'Forbidden: CSRF cookie not set. (no_cookie)'])
      })
    })

    it('the view in CSRF_FAILURE_VIEW, by either name', async () => {
      const page = (CSRF_FAILURE_VIEW: string): Promise<string> =>
        withSite({ MIDDLEWARE, CSRF_FAILURE_VIEW }, async (client) => (await client.post('/with/')).text)
      expect(await page('test.middleware.site.urls.ownFailure')).to.equal('own: CSRF cookie not set.')
      expect(await page('django.views.csrf.csrf_failure')).to.contain('CSRF verification failed')
    })

    it('one log line, in django.security.csrf', () =>
      withSite({ MIDDLEWARE }, async (client, logs) => {
        await client.post('/with/')
        expect(lines(logs)).to.deep.equal(['django.security.csrf: Forbidden (CSRF cookie not set.): /with/'])
      }))
  })

  it('logs once that a proxy header is not trusted', async () => {
    forgetProxyHint()
    const headers = { origin: 'https://testserver', 'x-forwarded-proto': 'https' }
    await withSite({ MIDDLEWARE }, async (client, logs) => {
      for (let i = 0; i < 2; i++) await client.post('/with/', { headers })
      const hints = logs.filter(({ logger }) => logger === 'django.security.proxy')
      expect(hints).to.have.length(1)
      expect(hints[0]?.message).to.contain("SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https']")
    })
  })

  describe('with CSRF_USE_SESSIONS, where the secret is in the session,', () => {
    const inSession: Settings = {
      CSRF_USE_SESSIONS: true,
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware', ...MIDDLEWARE],
    }
    const withSessions = (fn: (client: Client) => Promise<void>): Promise<void> =>
      withDatabase(() => withSite(inSession, fn), {})

    it('does not send the secret to the client', () =>
      withSessions(async (client) => {
        const page = await client.get('/form/')
        expect(Object.keys(page.cookies)).to.deep.equal(['sessionid'])
        const data = { csrfmiddlewaretoken: tokenIn(page) }
        expect((await client.post('/with/', { data })).status).to.equal(200)
        expect((await client.post('/with/', { data: { csrfmiddlewaretoken: maskSecret(OTHER) } })).status).to.equal(403)
        client.cookies.set('csrftoken', OTHER)
        expect((await client.post('/with/', { data: { csrfmiddlewaretoken: maskSecret(OTHER) } })).status).to.equal(403)
      }))

    it('does not touch an unused session', () =>
      withSessions(async (client) => {
        const { headers, setCookie } = await client.get('/')
        expect([headers.vary, setCookie]).to.deep.equal([undefined, []])
      }))

    it('reports missing sessions', () =>
      withSite({ CSRF_USE_SESSIONS: true, MIDDLEWARE }, async (client, logs) => {
        expect((await client.post('/with/')).status).to.equal(500)
        expect(String(logs[0]?.error)).to.contain("SessionMiddleware' must appear before")
      }))
  })
})

describe('CSRF decorators', () => {
  before(() => setup())

  it('csrfProtect protects a view without the middleware', () =>
    withSite({ MIDDLEWARE: [] }, async (client) => {
      expect((await client.post('/with/')).status).to.equal(200)
      expect((await client.post('/protected/')).status).to.equal(403)
      expect((await client.post('/protected/', { data, headers: { cookie } })).status).to.equal(200)
      const page = await client.get('/protected-form/')
      expect(tokenMatches(tokenIn(page), page.cookies.csrftoken?.value ?? '')).to.equal(true)
    }))

  it('csrfExempt accepts every request, only at its own URL', () =>
    withSite({ MIDDLEWARE }, async (client) => {
      expect((await client.post('/exempt/', { headers: { origin: 'https://evil.test' } })).status).to.equal(200)
      expect((await client.post('/with/')).status).to.equal(403)
    }))

  it('requiresCsrfToken provides tokens and refuses no request; ensureCsrfCookie always sends the cookie', () =>
    withSite({ MIDDLEWARE: [] }, async (client) => {
      const page = await client.post('/token-only/')
      expect([page.status, tokenIn(page).length]).to.deep.equal([200, 64])
      expect(Object.keys((await client.get('/ensured/')).cookies)).to.deep.equal(['csrftoken'])
    }))
})
