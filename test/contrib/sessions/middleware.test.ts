/** Each SESSION_ setting works on every engine as Django documents it, and no cookie of a client does harm. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import type { Context, Middleware } from 'koa'
import { setup } from '#core/apps'
import { caches } from '#core/cache'
import type { Settings } from '#core/conf'
import { Http404, PermissionDenied } from '#core/exceptions'
import { Client, type ClientResponse } from '#core/test'
import { captureLogs, setClock } from '#core/utils'
import { withDatabase } from './database.ts'
import { served } from './fixtures/visits.ts'

const ENGINES = ['db', 'cache', 'cached_db', 'file', 'signed_cookies'] as const

const CACHES = {
  default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'middleware default' },
  other: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'middleware other' },
}

function fail(error: Error): never {
  throw error
}

describe('SessionMiddleware', () => {
  let folder: string
  let logged: string[]
  let release: () => void
  before(() => setup())
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-middleware-'))
    logged = []
    release = captureLogs(({ logger, message }) => logged.push(`${logger}: ${message}`))
  })
  afterEach(() => {
    release()
    setClock()
    rmSync(folder, { recursive: true })
  })

  for (const engine of ENGINES) {
    describe(`with the engine ${engine}`, () => {
      const run = (settings: Settings, fn: (client: Client) => Promise<void>): Promise<void> =>
        withDatabase(() => fn(new Client()), {
          ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
          MIDDLEWARE: ['django.contrib.sessions.middleware.SessionMiddleware'],
          SESSION_ENGINE: `django.contrib.sessions.backends.${engine}`,
          SESSION_FILE_PATH: folder,
          CACHES,
          ...settings,
        })

      const cookieOf = (response: ClientResponse): string => response.setCookie[0] ?? ''

      it('counts the visits of each client', () =>
        run({}, async (client) => {
          for (const n of [1, 2, 3]) expect((await client.get('/count')).text).to.equal(String(n))
          expect((await new Client().get('/count')).text).to.equal('1')
        }))

      const thrown: readonly (readonly [string, number, (ctx: Context) => never])[] = [
        ['ctx.throw(401)', 401, (ctx) => ctx.throw(401)],
        ['ctx.throw(404)', 404, (ctx) => ctx.throw(404, 'not here')],
        ['ctx.throw(503)', 500, (ctx) => ctx.throw(503)],
        ['Http404', 404, () => fail(new Http404('not here'))],
        ['PermissionDenied', 403, () => fail(new PermissionDenied('no'))],
        ['an error with its own status', 413, () => fail(Object.assign(new Error('big'), { statusCode: 413 }))],
        ['an error', 500, () => fail(new Error('broken'))],
      ]
      for (const [what, status, raise] of thrown) {
        it(`saves what a middleware changed before it threw, depending on the status (${what})`, () => {
          let isOn = true
          const inner: Middleware = async (ctx, next) => {
            if (!isOn) {
              await next()
              return
            }
            ctx.request.session.set('noted', true)
            raise(ctx)
          }
          const outer: Middleware = async (_, next) => next().catch((error: unknown) => Promise.reject(error as Error))
          const MIDDLEWARE = [outer, 'django.contrib.sessions.middleware.SessionMiddleware', inner]
          return run({ MIDDLEWARE }, async (client) => {
            const response = await client.get('/count')
            expect(response.status).to.equal(status)
            expect(response.setCookie).to.have.length(status < 500 ? 1 : 0)
            isOn = false
            expect(JSON.parse((await client.get('/all')).text)).to.deep.equal(status < 500 ? { noted: true } : {})
          })
        })
      }

      it('sends no cookie and no Vary when the session is not touched', () =>
        run({}, async (client) => {
          for (let visit = 0; visit < 2; visit++) {
            const response = await client.get('/untouched')
            expect(response.setCookie).to.deep.equal([])
            expect(response.headers).not.to.have.any.keys('vary', 'cache-control')
            // The second time with a session.
            await client.get('/count')
          }
        }))

      it('sends Vary: Cookie when the session was read', () =>
        run({}, async (client) => {
          const response = await client.get('/read')
          expect(response.headers.vary).to.equal('Cookie')
          expect(response.setCookie).to.deep.equal([])
        }))

      it('prevents shared caches from storing a response that sets the cookie, whatever the view set', () =>
        run({}, async (client) => {
          expect((await client.get('/count')).headers['cache-control']).to.equal('private')
          const cacheControl = (await client.get('/count-public')).headers['cache-control']
          expect(String(cacheControl).split(', ')).to.include('private').and.not.include('public')
        }))

      it('sets the cookie attributes of Django by default', () =>
        run({}, async (client) => {
          setClock({ now: () => Date.UTC(2026, 0, 1) })
          const line = cookieOf(await client.get('/count'))
          expect(line.replace(/^sessionid=[^;]+/, 'sessionid=KEY')).to.equal(
            'sessionid=KEY; expires=Thu, 15 Jan 2026 00:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax',
          )
        }))

      const attributes: [Settings, RegExp, RegExp?][] = [
        [{ SESSION_COOKIE_AGE: 60 }, /; Max-Age=60;/],
        [{ SESSION_EXPIRE_AT_BROWSER_CLOSE: true }, /^sessionid=/, /Max-Age|expires/],
        [{ SESSION_COOKIE_NAME: 'visitor' }, /^visitor=/],
        [{ SESSION_COOKIE_SECURE: true }, /; Secure$/],
        [{ SESSION_COOKIE_HTTPONLY: false }, /^sessionid=/, /HttpOnly/],
        [{ SESSION_COOKIE_SAMESITE: 'Strict' }, /; SameSite=Strict/],
        [{ SESSION_COOKIE_SAMESITE: 'None' }, /; SameSite=None/],
        [{ SESSION_COOKIE_SAMESITE: null }, /^sessionid=/, /SameSite/],
        [{ SESSION_COOKIE_PATH: '/shop/' }, /; Path=\/shop\//],
        [{ SESSION_COOKIE_DOMAIN: '.example.com' }, /; Domain=\.example\.com;/],
      ]
      for (const [settings, expected, unexpected] of attributes) {
        it(`applies ${JSON.stringify(settings)}`, () =>
          run(settings, async (client) => {
            const line = cookieOf(await client.get('/count'))
            expect(line).to.match(expected)
            if (unexpected !== undefined) expect(line).not.to.match(unexpected)
          }))
      }

      it('expires the session after SESSION_COOKIE_AGE', () =>
        run({ SESSION_COOKIE_AGE: 60 }, async (client) => {
          await client.get('/count')
          const cookies = { cookie: `sessionid=${client.cookies.get('sessionid')}` }
          const later = Date.now() + 61_000
          setClock({ now: () => later })
          expect((await new Client().get('/count', { headers: cookies })).text).to.equal('1')
        }))

      it('saves and renews at every request with SESSION_SAVE_EVERY_REQUEST', () =>
        run({ SESSION_SAVE_EVERY_REQUEST: true }, async (client) => {
          expect((await client.get('/untouched')).setCookie).to.deep.equal([])
          await client.get('/count')
          const now = Date.now()
          setClock({ now: () => now + 1_000_000_000 })
          expect(cookieOf(await client.get('/untouched'))).to.match(/^sessionid=/)
          setClock({ now: () => now + 2_000_000_000 })
          expect((await client.get('/count')).text).to.equal('2')
        }))

      it('saves its data with SESSION_SERIALIZER', () =>
        run({ SESSION_SERIALIZER: 'test.contrib.sessions.fixtures.visits.ReversedSerializer' }, async (client) => {
          served.serialized = 0
          await client.get('/count')
          expect((await client.get('/count')).text).to.equal('2')
          // A cache holds the dict itself, as in Django.
          if (engine !== 'cache') expect(served.serialized).to.be.greaterThan(0)
        }))

      it('deletes the cookie of a session that was flushed', () =>
        run({ SESSION_COOKIE_PATH: '/', SESSION_COOKIE_DOMAIN: '.example.com' }, async (client) => {
          const key = /^sessionid=([^;]+)/.exec(cookieOf(await client.get('/count')))?.[1]
          const response = await client.get('/flush', { headers: { cookie: `sessionid=${key}` } })
          expect(cookieOf(response)).to.equal(
            'sessionid=""; Domain=.example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax',
          )
          if (engine === 'signed_cookies') return
          const after = await client.get('/count', { headers: { cookie: `sessionid=${key}` } })
          expect(after.text).to.equal('1')
        }))

      it('keeps the content under a new key when the key is cycled', () =>
        run({}, async (client) => {
          await client.get('/count')
          const before = client.cookies.get('sessionid')
          await client.get('/cycle')
          if (engine !== 'signed_cookies') expect(client.cookies.get('sessionid')).not.to.equal(before)
          expect((await client.get('/count')).text).to.equal('2')
        }))

      it('saves nothing and sends no cookie when the response is a server error', () =>
        run({}, async (client) => {
          const response = await client.get('/count-and-fail')
          expect([response.status, response.setCookie]).to.deep.equal([500, []])
        }))

      it('reads nothing before a view that is marked sessionExempt, where the session can be loaded explicitly', () =>
        run({}, async (client) => {
          await client.get('/count')
          expect((await client.get('/exempt')).text).to.equal('1')
        }))

      const nonsense: Record<string, string> = {
        'an empty value': '',
        'a short value': 'abc',
        'a key out of nowhere': 'abcdefghijklmnopqrstuvwxyz012345',
        'a path': '../../../../etc/passwd-long-enough',
        'control characters': 'aaaaaaaa\x01\x02\x7f',
        'percent signs': '%00%ff%zz%2e%2e%2f%2e%2e%2f',
        'a quoted value': '"a;b\\054 c\\"dddd"',
        'a forged signature': 'eyJjb3VudCI6OTl9:1vABCD:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
        'ten thousand characters': 'k'.repeat(10_000),
        'bytes beyond ASCII': 'caf\xe9-caf\xe9-caf\xe9',
        SQL: "' OR session_key LIKE '%' --",
      }
      for (const [what, value] of Object.entries(nonsense)) {
        it(`treats ${what} in the cookie as an unknown session`, () =>
          run({}, async () => {
            const headers = { cookie: `sessionid=${value}` }
            const client = new Client()
            expect((await client.get('/read', { headers })).text).to.equal('nobody')
            const response = await client.get('/count', { headers })
            expect([response.status, response.text]).to.deep.equal([200, '1'])
            expect(cookieOf(response)).not.to.contain(`sessionid=${value};`)
          }))
      }
    })
  }

  const run = (settings: Settings, fn: (client: Client) => Promise<void>): Promise<void> =>
    withDatabase(() => fn(new Client()), {
      ROOT_URLCONF: 'test.contrib.sessions.fixtures.visits',
      MIDDLEWARE: ['core.contrib.sessions.middleware.SessionMiddleware'],
      CACHES,
      ...settings,
    })

  it('stores files in SESSION_FILE_PATH, named after the cookie', () =>
    run(
      {
        SESSION_ENGINE: 'core.contrib.sessions.backends.file',
        SESSION_FILE_PATH: folder,
        SESSION_COOKIE_NAME: 'visitor',
      },
      async (client) => {
        await client.get('/count')
        expect(readdirSync(folder)).to.deep.equal([`visitor${client.cookies.get('visitor')}`])
        await client.get('/flush')
        expect(existsSync(path.join(folder, `visitor${client.cookies.get('visitor')}`))).to.equal(false)
      },
    ))

  for (const engine of ['cache', 'cached_db']) {
    it(`stores ${engine} sessions in the cache of SESSION_CACHE_ALIAS`, () =>
      run(
        { SESSION_ENGINE: `core.contrib.sessions.backends.${engine}`, SESSION_CACHE_ALIAS: 'other' },
        async (client) => {
          await client.get('/count')
          const key = `django.contrib.sessions.${engine}${client.cookies.get('sessionid')}`
          expect(await caches.other?.get(key)).to.deep.equal({ count: 1 })
          expect(await caches.default?.hasKey(key)).to.equal(false)
        },
      ))
  }

  const complaint = async (settings: Settings): Promise<string> => {
    const error = await run(settings, async (client) => void (await client.get('/count'))).catch((each: Error) => each)
    return (error as Error).message
  }

  it('reports an engine that is missing or invalid', async () => {
    expect(await complaint({ SESSION_ENGINE: 'django.contrib.sessions.backends.databse' })).to.contain(
      "SESSION_ENGINE names 'django.contrib.sessions.backends.databse'",
    )
    expect(await complaint({ SESSION_ENGINE: 'core.contrib.sessions.expiry' })).to.contain(
      'whose export `SessionStore` should be a class with load(), create(), update() and delete(), found undefined',
    )
    expect(await complaint({ SESSION_SERIALIZER: 'core.contrib.sessions.store.canBeKey' })).to.contain(
      'which should be a class with dumps() and loads()',
    )
    expect(
      await complaint({ SESSION_ENGINE: 'core.contrib.sessions.backends.cache', SESSION_CACHE_ALIAS: 'othr' }),
    ).to.contain("CACHES has no 'othr'. It has: default and other. Did you mean 'other'?")
    expect(
      await complaint({ SESSION_ENGINE: 'core.contrib.sessions.backends.file', SESSION_FILE_PATH: '/no/such/folder' }),
    ).to.contain("The session storage path '/no/such/folder' doesn't exist")
  })
})
