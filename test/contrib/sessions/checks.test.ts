/** `check --deploy` warns about session cookies with insecure settings. */
import { expect } from 'chai'
import { apps, setup } from '#core/apps'
import { runChecks } from '#core/checks'
import { overrideSettings, type Settings } from '#core/conf'

const MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']

describe('session checks', () => {
  before(() => setup())

  const ids = (settings: Settings): Promise<string[]> =>
    overrideSettings(settings, async () => {
      const messages = await runChecks({ tags: ['security'], deploy: true })
      return messages.map(({ id }) => id).filter((id) => /W01[0-5]/.test(id))
    })

  it('recognise the app and the middleware by either name', async () => {
    expect(apps.isInstalled('django.contrib.sessions')).to.equal(true)
    expect(await ids({ MIDDLEWARE })).to.deep.equal(['security.W012'])
    expect(await ids({ MIDDLEWARE: [] })).to.deep.equal(['security.W010'])
  })

  it('report nothing when the cookie is Secure and HttpOnly', async () => {
    expect(await ids({ MIDDLEWARE, SESSION_COOKIE_SECURE: true })).to.deep.equal([])
  })

  it('warn about a cookie that scripts can read', async () => {
    const SESSION_COOKIE_HTTPONLY = false
    const SESSION_COOKIE_SECURE = true
    expect(await ids({ MIDDLEWARE, SESSION_COOKIE_SECURE, SESSION_COOKIE_HTTPONLY })).to.deep.equal(['security.W015'])
    expect(await ids({ MIDDLEWARE: [], SESSION_COOKIE_SECURE, SESSION_COOKIE_HTTPONLY })).to.deep.equal([
      'security.W013',
    ])
  })

  it('are not part of a check without --deploy', async () => {
    const messages = await runChecks({ tags: ['security'] })
    expect(messages.filter(({ id }) => /W01[0-5]/.test(id))).to.deep.equal([])
  })

  it('report what sessions in signed cookies cannot guarantee', async () => {
    const found = (engine: string): Promise<string[]> =>
      overrideSettings({ SESSION_ENGINE: `django.contrib.sessions.backends.${engine}` }, async () =>
        (await runChecks({ tags: ['sessions'] })).map(({ id }) => id),
      )
    expect(await found('signed_cookies')).to.deep.equal(['sessions.I001'])
    expect(await found('db')).to.deep.equal([])
  })
  it('warn about signatures of an earlier Django with settings from the middle of its upgrade', async () => {
    const found = (DEFAULT_HASHING_ALGORITHM: string): Promise<string[]> =>
      overrideSettings({ DEFAULT_HASHING_ALGORITHM }, async () =>
        (await runChecks({ tags: ['sessions'] })).map(({ id, message }) => `${id} ${message.slice(0, 36)}`),
      )
    expect(await found('sha1')).to.deep.equal(['sessions.W001 DEFAULT_HASHING_ALGORITHM is "sha1",'])
    expect(await found('sha256')).to.deep.equal([])
  })
})
