/** ContentSecurityPolicyMiddleware: policies from the settings, with a nonce if a page uses one. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import type { ClientResponse } from '#core/test'
import { buildPolicy, CSP } from '#core/web'
import { withSite } from './with_site.ts'

const MIDDLEWARE = ['django.middleware.csp.ContentSecurityPolicyMiddleware']
const SECURE_CSP = { 'default-src': [CSP.SELF], 'script-src': [CSP.SELF, CSP.NONCE] }

const get = (path: string, settings: Settings = {}): Promise<ClientResponse> =>
  withSite({ MIDDLEWARE, SECURE_CSP, ...settings }, (client) => client.get(path))

const policy = async (path: string, settings: Settings = {}): Promise<unknown> =>
  (await get(path, settings)).headers['content-security-policy']

describe('ContentSecurityPolicyMiddleware', () => {
  before(() => setup())

  it('writes directives in order, with every type of value', () => {
    const directives = {
      'default-src': [CSP.SELF, 'https://cdn.example.com'],
      'img-src': new Set(['https:', 'data:']),
      'script-src': CSP.NONE,
      'upgrade-insecure-requests': true,
      'style-src': null,
      'font-src': false,
      'object-src': [],
      'frame-src': [CSP.NONCE],
    }
    expect(buildPolicy(directives)).to.equal(
      "default-src 'self' https://cdn.example.com; img-src data: https:; script-src 'none'; upgrade-insecure-requests",
    )
    expect(buildPolicy({ 'script-src': [CSP.NONCE, CSP.SELF] }, 'abc')).to.equal("script-src 'nonce-abc' 'self'")
  })

  it('sends the nonce that the page used, a new one for each response', async () => {
    const nonces = await Promise.resolve([get('/script/'), get('/script/')]).then(async ([one, two]) =>
      [await one, await two].map((response) => {
        const [first, second] = [...(response?.text ?? '').matchAll(/nonce="([\w-]{22})"/g)].map((match) => match[1])
        expect(first).to.equal(second)
        const expected = `default-src 'self'; script-src 'self' 'nonce-${first}'`
        expect(response?.headers['content-security-policy']).to.equal(expected)
        return first
      }),
    )
    expect(nonces[0]).to.not.equal(nonces[1])
  })

  it('sends no nonce if the page used none', async () => {
    expect(await policy('/')).to.equal("default-src 'self'; script-src 'self'")
  })

  it('only reports with SECURE_CSP_REPORT_ONLY, and sends nothing for an empty policy', async () => {
    const { headers } = await get('/', { SECURE_CSP: {}, SECURE_CSP_REPORT_ONLY: { 'default-src': [CSP.SELF] } })
    expect(headers['content-security-policy-report-only']).to.equal("default-src 'self'")
    expect(headers).to.not.have.property('content-security-policy')
    expect(await policy('/', { SECURE_CSP: { 'script-src': [CSP.NONCE] } })).to.equal(undefined)
  })

  it('keeps the header and the policy that a view sets', async () => {
    expect(await policy('/made/?content-security-policy=img-src%20data:')).to.equal('img-src data:')
    expect(await policy('/own-policy/')).to.equal("default-src 'none'")
    const { headers } = await get('/no-policy/', { SECURE_CSP_REPORT_ONLY: SECURE_CSP })
    expect(headers).to.not.have.any.keys('content-security-policy', 'content-security-policy-report-only')
  })

  it('covers error pages and error responses, but not the technical pages', async () => {
    const failing: Middleware = () => {
      throw new Error('The middleware failed.')
    }
    for (const path of ['/nowhere/', '/failing/']) {
      expect(await policy(path)).to.equal("default-src 'self'; script-src 'self'")
      expect(await policy(path, { DEBUG: true })).to.equal(undefined)
    }
    expect(await policy('/', { MIDDLEWARE: [...MIDDLEWARE, failing] })).to.equal(
      "default-src 'self'; script-src 'self'",
    )
  })
})
