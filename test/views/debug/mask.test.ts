/** Secrets are masked by their name, inside URLs, and wherever their value occurs. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { RequestFactory } from '#core/test'
import { MASK } from '#core/utils'
import {
  knownSecrets,
  maskCookie,
  maskField,
  maskQuery,
  maskSetting,
  maskSource,
  redact,
} from '../../../core/views/debug/mask.ts'

describe('masking', () => {
  before(() => setup())

  for (const name of [
    'SECRET_KEY',
    'API_URL',
    'STRIPE_TOKEN',
    'my_password',
    'PASSPHRASE',
    'SIGNATURE',
    'AUTH_HEADER',
    'db_credentials',
    'privateKey',
  ]) {
    it(`hides the setting ${name}`, () => expect(maskSetting(name, 'value')).to.equal(MASK))
  }

  it('shows other settings as they are', () => {
    const values = { DEBUG: true, TIME_ZONE: 'UTC', LIST: ['a', 1, null], WHEN: new Date(0), MATCH: /x/ }
    expect(maskSetting('', values)).to.deep.equal(values)
  })

  it('hides secrets at any depth, in lists and maps too', () => {
    const setting = {
      default: { NAME: 'db', PASSWORD: 'p', OPTIONS: [{ sslkey: 'k', port: 1 }] },
      map: new Map([
        ['token', 't'],
        ['x', 'y'],
      ]),
    }
    expect(maskSetting('DATABASES', setting)).to.deep.equal({
      default: { NAME: 'db', PASSWORD: MASK, OPTIONS: [{ sslkey: MASK, port: 1 }] },
      map: { token: MASK, x: 'y' },
    })
  })

  it('hides the content of class instances', () => {
    class Client {
      readonly inner = 'confidential'
    }
    expect(maskSetting('CLIENT', new Client())).to.equal('<Client>')
  })

  it('hides the password of a URL, even one with an @ in it', () => {
    expect(maskSetting('LOCATION', 'redis://user:p@ss@host:6379/0')).to.equal(`redis://user:${MASK}@host:6379/0`)
    expect(maskSetting('LOCATION', ['redis://:secret@a', 'redis://b:1/'])).to.deep.equal([
      `redis://:${MASK}@a`,
      'redis://b:1/',
    ])
  })

  for (const name of [
    'Authorization',
    'cookie',
    'x-api-key',
    'X-CSRFToken',
    'password',
    'sessionid',
    'Proxy-Authorization',
  ]) {
    it(`hides the field or header ${name}`, () => expect(maskField(name, 'value')).to.equal(MASK))
  }

  it('hides the session cookie under any name, and the CSRF cookie', async () => {
    await overrideSettings({ SESSION_COOKIE_NAME: 'sid', CSRF_COOKIE_NAME: 'plain' }, () => {
      expect([maskCookie('sid', 'v'), maskCookie('plain', 'v'), maskCookie('theme', 'dark')]).to.deep.equal([
        MASK,
        MASK,
        'dark',
      ])
    })
  })

  it('hides secrets in a query string, in any encoding of their names', () => {
    expect(maskQuery('http://h/p?a=1&token=x&pass%77ord=y#f')).to.equal(
      `http://h/p?a=1&token=${MASK}&pass%77ord=${MASK}#f`,
    )
    expect(maskQuery('/p?%=1')).to.equal('/p?%=1')
  })

  it('hides literals under secret names in a line of source', () => {
    expect(maskSource(`  PASSWORD: 'it\\'s', NAME: "x", 'api_key': "k", token = \`t\``)).to.equal(
      `  PASSWORD: '${MASK}', NAME: "x", 'api_key': "${MASK}", token = \`${MASK}\``,
    )
    expect(maskSource('const url = "postgres://u:pw@h/db"')).to.equal(`const url = "postgres://u:${MASK}@h/db"`)
  })

  it('finds the secrets of settings and request by value', async () => {
    const requests = new RequestFactory()
    const request = await requests.post('/?token=query-token', {
      data: { password: 'form-password', name: 'not-a-secret' },
      headers: {
        authorization: 'Bearer bearer-token',
        cookie: 'sessionid=session-key-1; theme=long-theme-name',
        'x-api-key': 'header-key',
      },
    })
    const DATABASES = {
      default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'database-name', PASSWORD: 'database-password' },
    }
    const CACHES = {
      default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: 'redis://:cache-password@h' },
    }
    await overrideSettings({ SECRET_KEY: 'key-of-the-site', DATABASES, CACHES }, () => {
      const secrets = knownSecrets(request)
      expect(secrets).to.include.members([
        'query-token',
        'form-password',
        'bearer-token',
        'session-key-1',
        'header-key',
        'key-of-the-site',
        'database-password',
        'cache-password',
      ])
      for (const harmless of ['not-a-secret', 'long-theme-name', 'database-name'])
        expect(secrets).not.to.include(harmless)
      expect(secrets.join(' ')).not.to.contain('ModelBackend')
    })
  })

  it('masks known secrets in a page, the longest first', () => {
    expect(redact('a secret-longer b secret-l', ['secret-l', 'secret-longer'], (text) => text)).to.equal(
      `a ${MASK} b ${MASK}`,
    )
  })
})
