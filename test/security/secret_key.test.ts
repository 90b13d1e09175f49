/** Outside DEBUG no server starts with a key that is publicly known or can be guessed. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { isSilenced, runChecks } from '#core/checks'
import { settings, type Settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { createApplication } from '#core/handlers'
import { callCommand } from '#core/management'
import '#core/middleware'
import { overrideSettings } from '#core/test'
import { endAll, type Finished, freePort, manage, managed, REPOSITORY } from '../management/processes.ts'

const GOOD = 'fNo7d2mYc1t5Rk8PqWx3zB6vLs9gHjA4uEe0iTnMaCyDwUbGvK'
const OTHER = 'Zq4w8e1r5t9y3u7i0oPaLsKdJfHgMzNxBcVvQ2W6E4R8T1Y5U9'

const ofRepository = /SECRET_KEY: '(.*)'/.exec(
  readFileSync(path.join(REPOSITORY, 'settings.ts'), 'utf8'),
)?.[1] as string

const REFUSED: Readonly<Record<string, string>> = {
  'of the repository': ofRepository,
  'of a new project': `django-insecure-${GOOD}`,
  'of a new project, in capitals and quotes': `"DJANGO-INSECURE-${GOOD}"`,
  'that is marked as insecure elsewhere': `${GOOD}-insecure`,
  'of the documentation': 'Put 50 or more random characters here, and keep them to yourself.',
  'to be changed': 'change-me-change-me-change-me-change-me-change-me-1234567890',
  'of a tutorial': 'your-secret-key-here-0123456789-0123456789-0123456789',
  'of one space': ' ',
  'of white space': ' \t\n\r\u00a0\u2003'.repeat(20),
  'of one letter': 'a',
  'of one letter, fifty times': 'x'.repeat(50),
  'of four letters, twenty times': 'abcd'.repeat(20),
  'of four letters among blanks': ` ${'abcd'.repeat(20)}\n`,
  'of 21 characters': GOOD.slice(0, 21),
  'of 21 characters and blanks': `${GOOD.slice(0, 21)}${' '.repeat(40)}`,
}

const ACCEPTED: Readonly<Record<string, string>> = {
  'of 50 random characters': GOOD,
  'of 40 characters, as sites have them': GOOD.slice(0, 40),
  'of 22 characters in base64': 'mL0c0nQkqk2q6m3zT1oYdA',
  'of 32 hexadecimal digits': '9f86d081884c7d659a2feaa0c55ad015',
  'with a newline at its end': `${GOOD}\n`,
  'of other letters': 'ключ-который-знает-только-этот-сайт-и-никто-больше',
}

describe('a secret key', () => {
  before(() => setup())

  const application = (SECRET_KEY: string, others: Settings = {}): Promise<unknown> =>
    overrideSettings({ DEBUG: false, SECRET_KEY, ...others }, () =>
      createApplication().then(
        () => undefined,
        (error: unknown) => error,
      ),
    )

  const checked = async (overrides: Settings, deploy = false): Promise<string[]> =>
    overrideSettings({ DEBUG: false, ...overrides }, async () => {
      const messages = await runChecks({ deploy, tags: ['security'] })
      return messages.filter((each) => !isSilenced(each)).map(({ id, obj, level }) => `${level} ${id} ${obj}`)
    })

  const KEY_ERROR = 'ERROR security.E110 SECRET_KEY'

  for (const [name, key] of Object.entries(REFUSED)) {
    describe(name, () => {
      it('prevents the start of the server, with an error that contains instructions and not the key', async () => {
        const error = (await application(key)) as Error
        expect(error).to.be.instanceOf(ImproperlyConfigured)
        expect(error.message)
          .to.match(/^SECRET_KEY (is|can) /)
          .and.contain('NUAGES_SECRET_KEY')
          .and.contain('node -e')
        if (key.trim().length > 4) expect(error.message).not.to.contain(key.trim())
      })

      it('is accepted under DEBUG', async () => {
        expect(await application(key, { DEBUG: true })).to.equal(undefined)
        expect(await checked({ SECRET_KEY: key, DEBUG: true })).not.to.include(KEY_ERROR)
      })

      it('is reported by check, with and without --deploy', async () => {
        for (const deploy of [false, true]) expect(await checked({ SECRET_KEY: key }, deploy)).to.include(KEY_ERROR)
      })

      it('is refused in SECRET_KEY_FALLBACKS, at any index', async () => {
        const error = (await application(GOOD, { SECRET_KEY_FALLBACKS: [OTHER, key] })) as Error
        expect(error).to.be.instanceOf(ImproperlyConfigured)
        expect(error.message).to.contain('SECRET_KEY_FALLBACKS[1]').and.contain('Take SECRET_KEY_FALLBACKS[1] out')
        expect(await checked({ SECRET_KEY: GOOD, SECRET_KEY_FALLBACKS: [key] })).to.include(
          'ERROR security.E110 SECRET_KEY_FALLBACKS[0]',
        )
      })
    })
  }

  it('that is empty is refused in SECRET_KEY_FALLBACKS', async () => {
    const error = await application(GOOD, { SECRET_KEY_FALLBACKS: [''] })
    expect((error as Error).message).to.contain('SECRET_KEY_FALLBACKS[0] is empty')
  })

  for (const [name, key] of Object.entries(ACCEPTED)) {
    it(`${name} is accepted`, async () => {
      expect(await application(key, { SECRET_KEY_FALLBACKS: [OTHER, key] })).to.equal(undefined)
      expect(await checked({ SECRET_KEY: key })).not.to.include(KEY_ERROR)
    })
  }

  it('is reported together with all other wrong keys, one per line', async () => {
    const error = (await application('a', { SECRET_KEY_FALLBACKS: ['b', GOOD, ' '] })) as Error
    expect(error.message.split('\n').map((line) => line.split(' ')[0])).to.deep.equal([
      'SECRET_KEY',
      'SECRET_KEY_FALLBACKS[0]',
      'SECRET_KEY_FALLBACKS[2]',
    ])
  })

  it('is refused even if the check is silenced', async () => {
    const silenced: Settings = { SILENCED_SYSTEM_CHECKS: ['security.E110'] }
    expect(await checked({ ...silenced, SECRET_KEY: 'a' })).not.to.include(KEY_ERROR)
    expect(await application('a', silenced)).to.be.instanceOf(ImproperlyConfigured)
  })

  it('of a project in development is accepted in a test that turns DEBUG off without setting a key', async () => {
    expect(settings.DEBUG).to.equal(true)
    expect(await overrideSettings({ DEBUG: false }, () => createApplication())).to.be.an('object')
  })

  it('does not prevent a command that is not a server', async () => {
    const DATABASES = { default: { ENGINE: 'core.db.backends.sqlite3', NAME: ':memory:' } }
    await overrideSettings({ DEBUG: false, ALLOWED_HOSTS: ['*'], SECRET_KEY: 'a', DATABASES }, async () => {
      await callCommand('migrate', { skipChecks: false, verbosity: 0 })
    })
  })
})

describe('a server outside DEBUG', function () {
  this.timeout(120_000)
  afterEach(() => endAll())

  const PRODUCTION = { NUAGES_DEBUG: 'false', NUAGES_ALLOWED_HOSTS: '*', DATABASE_URL: 'sqlite:///:memory:' }

  const failure = ({ code, stdout, stderr }: Finished): string => {
    expect(code, stdout + stderr).to.equal(1)
    return stdout + stderr
  }

  it('does not start with the key of the repository, nor with a weak one, with and without checks', async () => {
    const port = String(await freePort())
    for (const [more, env] of [
      [[], PRODUCTION],
      [['--skip-checks'], { ...PRODUCTION, NUAGES_SECRET_KEY: ' ' }],
    ] as const) {
      const output = failure(await managed(['runserver', port, '--noreload', ...more], { env }))
      expect(output).to.contain('NUAGES_SECRET_KEY').and.not.contain('Starting').and.not.contain(ofRepository)
    }
  })

  it('is refused by check, too, while other commands run', async () => {
    expect(failure(await managed(['check'], { env: PRODUCTION }))).to.contain('security.E110')
    const migrated = await managed(['migrate', '--plan'], { env: PRODUCTION })
    expect(migrated.code, migrated.stderr).to.equal(0)
  })

  it('starts with a good key from the environment', async () => {
    const port = String(await freePort())
    const running = manage(['runserver', port, '--noreload'], { env: { ...PRODUCTION, NUAGES_SECRET_KEY: GOOD } })
    expect(await running.line(/Starting development server/)).to.contain(port)
  })
})
