/** diffsettings: the settings that the project changed, in both formats, without secrets. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { callCommand, ListeningTerminal } from '#core/management'

async function diff(...words: string[]): Promise<string> {
  const stdout = new ListeningTerminal()
  await callCommand('diffsettings', ...words, { stdout })
  return stdout.text
}

describe('diffsettings', () => {
  before(() => setup())

  it('shows changed settings, and marks those that the framework does not define', async () => {
    await overrideSettings({ SESSION_COOKIE_AGE: 60, MY_LIST: ['a', 1] }, async () => {
      const text = await diff()
      expect(text).to.contain('\nSESSION_COOKIE_AGE = 60\n').and.contain("MY_LIST = [ 'a', 1 ]  ###\n")
      expect(text).not.to.contain('SESSION_COOKIE_NAME')
      const names = [...text.matchAll(/^[A-Z_]+(?= = )/gm)].map(String)
      expect(names).to.include('MY_LIST').and.to.deep.equal(names.toSorted())
    })
  })

  it('shows all with --all, the unchanged ones marked', async () => {
    expect(await diff('--all')).to.contain("### SESSION_COOKIE_NAME = 'sessionid'\n")
    expect(await diff('--all', '--output', 'unified')).to.contain("\n  SESSION_COOKIE_NAME = 'sessionid'\n")
  })

  it('shows both sides in the unified format', async () => {
    await overrideSettings({ SESSION_COOKIE_AGE: 60 }, async () => {
      const text = await diff('--output', 'unified')
      expect(text).to.contain('- SESSION_COOKIE_AGE = 1209600\n+ SESSION_COOKIE_AGE = 60\n')
      expect(text).to.contain("+ SETTINGS_MODULE = 'settings'\n")
    })
  })

  it('compares with another module', async () => {
    expect(await diff('--default', 'settings')).to.equal("SETTINGS_MODULE = 'settings'  ###\n")
  })

  it('shows no secret', async () => {
    const secret = 'hunter2hunter2'
    const overrides = {
      SECRET_KEY: secret,
      SECRET_KEY_FALLBACKS: [secret],
      EMAIL_HOST_PASSWORD: secret,
      STRIPE_API_TOKEN: secret,
      OAUTH: { CLIENT_ID: 'me', CLIENT_SECRET: secret },
      DATABASES: { default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'db.sqlite3', PASSWORD: secret } },
      CACHES: {
        default: { BACKEND: 'core.cache.backends.locmem.LocMemCache', LOCATION: `redis://u:${secret}@host/0` },
      },
    }
    await overrideSettings(overrides, async () => {
      const text = await diff()
      expect(text).not.to.contain(secret)
      expect(text).to.contain("SECRET_KEY = '********************'\n")
      expect(text).to.contain("CLIENT_ID: 'me'").and.contain("NAME: 'db.sqlite3'").and.contain('redis://u:')
    })
  })
})
