/** A request has one host with a valid port, and only a port of the site is used in mailed links. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { outbox } from '#core/mail'
import { createApplication } from '#core/handlers'
import { hostForLinks } from '#core/http'
import { RequestFactory } from '#core/test'
import { passwordResetMailsSent } from '../../core/contrib/auth/views/password_reset.ts'
import { withSite } from '../handlers/with_site.ts'
import { listening } from '../http/listen.ts'
import { sendRaw } from './raw.ts'
import { Browser, onSite } from './site.ts'

const requests = new RequestFactory()

async function withRequest<T>(
  headers: Record<string, string>,
  settings: Settings,
  fn: (request: Awaited<ReturnType<RequestFactory['get']>>) => T,
  localPort?: number,
): Promise<T | string> {
  return overrideSettings({ ALLOWED_HOSTS: ['.example.com', 'localhost', '[::1]'], ...settings }, async () => {
    const request = await requests.get('/', { headers })
    if (localPort !== undefined) Object.defineProperty(request.req, 'socket', { value: { localPort } })
    try {
      return fn(request)
    } catch (error) {
      return (error as Error).name
    }
  })
}

const linkHost = (host: string, localPort: number, settings: Settings = {}, headers: Record<string, string> = {}) =>
  withRequest({ host, ...headers }, settings, hostForLinks, localPort)

describe('the host of a request', () => {
  before(() => setup())

  const statusOf = (...lines: string[]): Promise<number> =>
    withSite({ ALLOWED_HOSTS: ['127.0.0.1', 'example.com'] }, async () =>
      listening(
        await createApplication(),
        async (port) => (await sendRaw(port, [...lines, 'Connection: close', '', ''].join('\r\n'))).status,
      ),
    )

  it('is given once: a second Host header is refused, whatever it contains', async () => {
    expect(await statusOf('GET / HTTP/1.1', 'Host: 127.0.0.1')).to.equal(200)
    expect(await statusOf('GET / HTTP/1.1', 'Host: 127.0.0.1', 'Host: 127.0.0.1')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.1', 'Host: 127.0.0.1', 'hOsT: evil.example')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.1', 'Host: 127.0.0.1', 'X: y', 'HOST:')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.0', 'Host: 127.0.0.1', 'Host: 127.0.0.1')).to.equal(400)
    expect(await statusOf('GET http://127.0.0.1/ HTTP/1.1', 'Host: a', 'Host: b')).to.equal(400)
  })

  it('is one name: a list, a user name, a path and a missing one are refused', async () => {
    for (const host of [
      '127.0.0.1, 127.0.0.1',
      '127.0.0.1,example.com',
      'a@127.0.0.1',
      '127.0.0.1/x',
      'http://127.0.0.1',
      '127.0.0.1#',
      '127.0.0.1 example.com',
      '',
    ]) {
      expect(await statusOf('GET / HTTP/1.1', `Host: ${host}`), host).to.equal(400)
    }
    expect(await statusOf('GET / HTTP/1.1')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.1', 'Host : 127.0.0.1')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.1', 'X: y', ' Host: 127.0.0.1')).to.equal(400)
  })

  it('has a port from 1 to 65535, or none', async () => {
    const getHost = (host: string) => withRequest({ host }, {}, (request) => request.getHost())
    for (const port of ['1', '80', '8000', '65535']) {
      for (const host of [`example.com:${port}`, `[::1]:${port}`]) expect(await getHost(host)).to.equal(host)
    }
    for (const port of ['0', '00', '080', '65536', '99999', '100000', '1e3', '-1', '+80', '8 0', '']) {
      for (const host of [`example.com:${port}`, `[::1]:${port}`]) {
        expect(await getHost(host), host).to.equal('DisallowedHost')
      }
    }
  })

  it('is refused if a trusted proxy sends two', async () => {
    const settings = { USE_X_FORWARDED_HOST: true }
    const getHost = (forwarded: string) =>
      withRequest({ host: 'localhost', 'x-forwarded-host': forwarded }, settings, (request) => request.getHost())
    expect(await getHost('www.example.com')).to.equal('www.example.com')
    expect(await getHost('www.example.com, www.example.com')).to.equal('DisallowedHost')
    expect(await getHost('www.example.com:99999')).to.equal('DisallowedHost')
  })

  it('has the port of a trusted proxy only if that is a port', async () => {
    const getPort = (forwarded: string) =>
      withRequest({ 'x-forwarded-port': forwarded }, { USE_X_FORWARDED_PORT: true }, (request) => request.getPort())
    expect(await getPort('8443')).to.equal('8443')
    for (const junk of ['0', '99999', 'x', '80, 443', '']) expect(await getPort(junk), junk).to.equal('BadRequest')
  })

  it('is found among all headers', async () => {
    const many = (count: number) => Array.from({ length: count }, () => 'X: y')
    expect(await statusOf('GET / HTTP/1.1', 'Host: example.com', ...many(900))).to.equal(200)
    expect(await statusOf('GET / HTTP/1.1', 'Host: example.com', ...many(900), 'Host: evil.example')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.1', 'Host: example.com', ...many(1100), 'Host: evil.example')).to.equal(400)
    expect(await statusOf('GET / HTTP/1.1', 'Host: example.com', ...many(2500), 'Host: evil.example')).to.equal(400)
  })
})

describe('the host of mailed links', () => {
  before(() => setup())

  it('has no port that only the client sent', async () => {
    for (const host of ['example.com:1234', 'www.example.com:1234', '[::1]:1234']) {
      expect(await linkHost(host, 8000)).to.equal(host.replace(':1234', ''))
    }
  })

  it('has the port that the connection came in on', async () => {
    expect(await linkHost('localhost:8000', 8000)).to.equal('localhost:8000')
    expect(await linkHost('example.com:8000', 8000)).to.equal('example.com:8000')
    expect(await linkHost('example.com:80', 80)).to.equal('example.com')
    expect(await linkHost('example.com', 8000)).to.equal('example.com')
  })

  it('has, behind a proxy, the port that the proxy sends, and never that of the server behind it', async () => {
    const behind = { SECURE_PROXY_SSL_HEADER: ['HTTP_X_FORWARDED_PROTO', 'https'] } satisfies Settings
    const https = { 'x-forwarded-proto': 'https' }
    expect(await linkHost('example.com:8001', 8001, behind, https)).to.equal('example.com')
    const forwards = { ...behind, USE_X_FORWARDED_PORT: true }
    const named = { ...https, 'x-forwarded-port': '8443' }
    expect(await linkHost('example.com:8443', 8001, forwards, named)).to.equal('example.com:8443')
    expect(await linkHost('example.com:1234', 8001, forwards, named)).to.equal('example.com')
    expect(await linkHost('example.com:443', 8001, forwards, { ...https, 'x-forwarded-port': '443' })).to.equal(
      'example.com',
    )
    expect(await linkHost('example.com:1234', 8001, {}, { 'x-forwarded-port': '1234' })).to.equal('example.com')
  })

  it('is that of the site in the mail for a password reset', () =>
    onSite(async () => {
      const browser = new Browser()
      outbox.length = 0
      const form = await browser.get('/accounts/password_reset/')
      const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(form.text)?.[1] ?? ''
      const response = await browser.client.post('/accounts/password_reset/', {
        data: { email: 'ada@example.com', csrfmiddlewaretoken: token },
        headers: { host: 'testserver:1234', origin: 'https://testserver:1234' },
        secure: true,
      })
      expect(response.status).to.equal(302)
      await passwordResetMailsSent()
      expect(String(outbox[0]?.body)).to.match(/https:\/\/testserver\/accounts\/reset\//)
      expect(`${outbox[0]?.subject}${String(outbox[0]?.body)}`).to.not.contain(':1234')
    }))
})
