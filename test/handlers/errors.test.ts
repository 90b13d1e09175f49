/** Errors become responses, and are logged to the same loggers as in Django. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { createApplication } from '#core/handlers'
import type { LogRecord } from '#core/utils'
import { listening } from '../http/listen.ts'
import { withSite, middleware } from './with_site.ts'

const lines = (logs: readonly LogRecord[]): string[] =>
  logs.map(
    ({ logger, level, message, error }) => `${level} ${logger} ${message}${error === undefined ? '' : ' +error'}`,
  )

const EXPECTED: readonly [path: string, status: number, log: string][] = [
  ['/raise/Http404/', 404, 'warning django.request Not Found: /raise/Http404/'],
  ['/nowhere/', 404, 'warning django.request Not Found: /nowhere/'],
  [
    '/raise/PermissionDenied/',
    403,
    'warning django.request Forbidden (Permission denied): /raise/PermissionDenied/ +error',
  ],
  ['/raise/BadRequest/', 400, 'warning django.request That was no question.: /raise/BadRequest/ +error'],
  ['/raise/SuspiciousOperation/', 400, 'error django.security.SuspiciousOperation Tampered with. +error'],
  ['/raise/Error/', 500, 'error django.request Internal Server Error: /raise/Error/ +error'],
  ['/throw-text/', 500, 'error django.request Internal Server Error: /throw-text/ +error'],
  [
    '/raise/ServiceUnavailable/',
    503,
    'error django.request Service Unavailable: /raise/ServiceUnavailable/: The store is down.',
  ],
  ['/post-only/', 405, 'warning django.request Method Not Allowed: /post-only/'],
]

describe('an error', () => {
  before(() => setup())

  for (const [path, status, log] of EXPECTED) {
    it(`at ${path} gets a response with ${status}, and is logged once`, () =>
      withSite({}, async (client, logs) => {
        const response = await client.get(path)
        expect(response.status).to.equal(status)
        expect(response.text).to.not.contain('secret')
        expect(lines(logs)).to.deep.equal([log])
      }))
  }

  it('of a service that is down sends Retry-After', () =>
    withSite({}, async (client) => {
      expect((await client.get('/raise/ServiceUnavailable/')).headers['retry-after']).to.equal('7')
    }))

  it('is passed to the handlers of the root urlconf, with the exception', () =>
    withSite({ ROOT_URLCONF: 'test.handlers.site.handlers' }, async (client) => {
      expect((await client.get('/raise/BadRequest/')).text).to.equal('own 400: BadRequest')
      expect((await client.get('/raise/PermissionDenied/')).text).to.equal('own 403: PermissionDenied')
      expect((await client.get('/nowhere/')).text).to.equal('own 404: Resolver404')
      expect((await client.get('/raise/Error/')).text).to.equal('own 500: none')
      expect((await client.get('/', { headers: { host: 'evil.example' } })).text).to.equal('own 400: DisallowedHost')
    }))

  it('in an error handler still gets a response', () =>
    withSite({ ROOT_URLCONF: 'test.handlers.site.broken_handlers' }, async (client, logs) => {
      const response = await client.get('/nowhere/')
      expect([response.status, response.text]).to.deep.equal([500, 'Server Error (500)'])
      expect(lines(logs)[0]).to.equal('error django.request Internal Server Error: /nowhere/ +error')
      logs.length = 0
      expect((await client.get('/raise/Error/')).status).to.equal(500)
      expect(String(logs.at(-1)?.error)).to.contain('handler500 of the root urlconf should return')
    }))

  it('is seen by every middleware as a response', () =>
    withSite({ MIDDLEWARE: [middleware('First')] }, async (client) => {
      const response = await client.get('/raise/Error/')
      expect([response.status, response.headers['x-first']]).to.deep.equal([500, 'was here'])
    }))

  it('of a middleware is caught by the error boundary, which keeps cookies and drops content headers', () =>
    withSite({ MIDDLEWARE: [middleware('FailsOnTheWayOut')] }, async (client, logs) => {
      const response = await client.get('/file/')
      expect(response.status).to.equal(500)
      expect(response.headers['content-type']).to.match(/^text\/html/)
      expect(response.headers).to.not.have.property('content-disposition')
      expect(response.setCookie).to.deep.equal(['kept=1; Path=/'])
      expect(response.headers['cache-control']).to.equal('private')
      expect(lines(logs)).to.deep.equal(['error django.request Internal Server Error: /file/ +error'])
    }))

  it('with a status from a Koa middleware gets a response with that status', () =>
    withSite({ MIDDLEWARE: [middleware('Throws401')] }, async (client) => {
      const response = await client.get('/')
      expect([response.status, response.text]).to.deep.equal([401, 'Who are you?'])
      expect(response.headers['www-authenticate']).to.equal('Basic')
    }))

  it('shows a debug page only under DEBUG, with the same status', () =>
    withSite({ DEBUG: true }, async (client) => {
      const broken = await client.get('/raise/Error/')
      expect([broken.status, broken.text.includes('The secret is 42.')]).to.deep.equal([500, true])
      const bad = await client.get('/raise/BadRequest/')
      expect([bad.status, bad.text.includes('That was no question.')]).to.deep.equal([400, true])
      const missing = await client.get('/nowhere/')
      expect([missing.status, missing.text.includes('post-only/')]).to.deep.equal([404, true])
      expect((await client.get('/', { headers: { host: 'evil.example' } })).status).to.equal(400)
      expect((await client.get('/%zz')).status).to.equal(400)
    }))

  it('in a stream that has started breaks the connection, but not the process', () =>
    withSite({ ALLOWED_HOSTS: ['testserver', '127.0.0.1'] }, async (client, logs) => {
      const app = await createApplication()
      await listening(app, async (port) => {
        const failure: unknown = await fetch(`http://127.0.0.1:${port}/broken-stream/`)
          .then((response) => response.text())
          .catch((error: unknown) => error)
        expect(failure).to.be.instanceOf(Error)
      })
      expect((await client.get('/')).status).to.equal(200)
      expect(lines(logs)).to.deep.equal(['error django.request The answer broke off: /broken-stream/ +error'])
    }))

  it('is logged in one line, whatever the path contains', () =>
    withSite({}, async (client, logs) => {
      await client.get('/a%0AInternal%20Server%20Error%1b')
      expect(lines(logs)).to.deep.equal(['warning django.request Not Found: /a\\nInternal Server Error\\u001b'])
    }))
})
