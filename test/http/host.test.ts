/** The hosts that a site accepts. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { RequestFactory } from '#core/test'

const requests = new RequestFactory()

async function hostFor(host: string, settings: Settings, headers: Record<string, string> = {}): Promise<string> {
  return overrideSettings(settings, async () => {
    const request = await requests.get('/', { headers: { host, ...headers } })
    try {
      return request.getHost()
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`
    }
  })
}

describe('the host of a request', () => {
  before(() => setup())

  it('has to be local if DEBUG is on and ALLOWED_HOSTS is empty', async () => {
    const settings = { DEBUG: true, ALLOWED_HOSTS: [] }
    for (const host of ['localhost:8000', 'a.localhost', '127.0.0.1:8000', '[::1]:8000']) {
      expect(await hostFor(host, settings)).to.equal(host)
    }
    expect(await hostFor('shop.example.com', settings)).to.equal(
      'DisallowedHost: Invalid HTTP_HOST header: "shop.example.com". You may need to add "shop.example.com" to ALLOWED_HOSTS.',
    )
  })

  it('is never accepted if DEBUG is off and ALLOWED_HOSTS is empty', async () => {
    expect(await hostFor('localhost', { DEBUG: false, ALLOWED_HOSTS: [] })).to.match(/^DisallowedHost/)
  })

  it('is refused if it is malformed, even if all are allowed', async () => {
    for (const host of ['a b', 'evil.com@shop.example.com', 'shop.example.com:x', 'under_score.example.com', 'a/b']) {
      expect(await hostFor(host, { ALLOWED_HOSTS: ['*'] })).to.match(/^DisallowedHost.*RFC 1034/)
    }
  })

  it('is checked again when the settings change', async () => {
    expect(await hostFor('one.example', { ALLOWED_HOSTS: ['one.example'] })).to.equal('one.example')
    expect(await hostFor('one.example', { ALLOWED_HOSTS: ['two.example'] })).to.match(/^DisallowedHost/)
  })

  it('comes from X-Forwarded-Host only if the settings trust it', async () => {
    const forwarded = { 'X-Forwarded-Host': 'front.example' }
    const allowed = { ALLOWED_HOSTS: ['.example'] }
    expect(await hostFor('back.example', allowed, forwarded)).to.equal('back.example')
    expect(await hostFor('back.example', { ...allowed, USE_X_FORWARDED_HOST: true }, forwarded)).to.equal(
      'front.example',
    )
  })

  it('is secure by the first item of the proxy header', async () => {
    await overrideSettings({ SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https'] }, async () => {
      const over = async (proto: string): Promise<boolean> =>
        (await requests.get('/', { headers: { 'X-Forwarded-Proto': proto }, secure: true })).isSecure()
      expect(await over('https, http')).to.equal(true)
      expect(await over('http, https')).to.equal(false)
      expect((await requests.get('/', { secure: true })).scheme).to.equal('https')
    })
  })
})
