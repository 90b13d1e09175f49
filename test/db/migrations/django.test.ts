/** Django and Nuages agree on the applied migrations, whichever ran first. Needs Django for Python. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings } from '#core/conf'
import { type DatabaseSettings, unappliedMigrations } from '#core/db'
import Migrate from '../../../core/management/commands/migrate.ts'
import ShowMigrations from '../../../core/management/commands/showmigrations.ts'
import { PYTHON, python, requireService } from '../../services.ts'
import { outcomeOf, projectWith, restoreApps } from './project.ts'

const run = promisify(execFile)

interface CommandOutput {
  readonly code: number
  readonly stdout: string
}

describe('migrations compared with Django', function () {
  this.timeout(30_000)
  let folder = ''
  let config: DatabaseSettings

  before(async function () {
    await setup()
    requireService(await python('django'), this)
  })

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nuages-django-'))
    config = { ENGINE: 'django.db.backends.sqlite3', NAME: path.join(folder, 'db.sqlite3') }
    writeFileSync(
      path.join(folder, 'site_settings.py'),
      `SECRET_KEY = 'x' * 50
USE_TZ = True
TIME_ZONE = 'Asia/Tokyo'
INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions']
DATABASES = {'default': {'ENGINE': '${config.ENGINE}', 'NAME': '${config.NAME}'}}
`,
    )
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function django(...words: string[]): Promise<CommandOutput> {
    const env = { ...process.env, PYTHONPATH: folder, DJANGO_SETTINGS_MODULE: 'site_settings' }
    try {
      const { stdout } = await run(PYTHON, ['-m', 'django', ...words], { env, cwd: folder })
      return { code: 0, stdout }
    } catch (error) {
      const { code, stdout } = error as { code: number; stdout: string }
      return { code, stdout }
    }
  }

  /** Runs `fn` with sessions as the only app. */
  const ours = (fn: () => Promise<void>): Promise<void> =>
    overrideSettings({ DATABASES: { default: config }, USE_TZ: true, TIME_ZONE: 'Asia/Tokyo' }, async () => {
      const project = projectWith({})
      await project.install('django.contrib.sessions')
      try {
        await fn()
      } finally {
        await restoreApps()
        project.remove()
      }
    })

  it('read what Django has migrated, with the same list and the same times', async () => {
    expect((await django('migrate')).code).to.equal(0)
    await ours(async () => {
      expect(await unappliedMigrations()).to.deep.equal([])
      const { stdout } = await outcomeOf(Migrate, {})
      expect(stdout).to.match(/Running migrations:\n {2}No migrations to apply\.\n$/)
      const shown = await outcomeOf(ShowMigrations, { appLabel: ['sessions'] }, 2)
      expect(shown.stdout).to.equal((await django('showmigrations', 'sessions', '-v', '2')).stdout)
      expect(shown.stdout).to.match(/^sessions\n \[X\] 0001_initial \(applied at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\)\n$/)
    })
  })

  it('are recognised by Django, which can use the table', async () => {
    await ours(async () => {
      const { stdout, error } = await outcomeOf(Migrate, {})
      expect(error).to.equal(undefined)
      expect(stdout).to.include('  Applying sessions.0001_initial... OK\n')
    })
    expect((await django('showmigrations', 'sessions')).stdout).to.equal('sessions\n [X] 0001_initial\n')
    expect((await django('migrate', '--check')).code).to.equal(1)
    expect((await django('migrate')).code).to.equal(0)
    expect((await django('migrate', '--check')).code).to.equal(0)
    const script = `
from django.contrib.sessions.backends.db import SessionStore
s = SessionStore(); s['a'] = 1; s.save()
print(SessionStore(s.session_key)['a'])
`
    expect((await django('shell', '-c', script)).stdout).to.equal('1\n')
    await ours(async () => {
      expect(await unappliedMigrations()).to.deep.equal([])
    })
  })

  it('print the same plan and the same list as Django', async () => {
    const afresh = (): void => {
      for (const ending of ['', '-wal', '-shm']) rmSync(`${config.NAME}${ending}`, { force: true })
    }
    const outputs = async (words: string[], options: object): Promise<[string, string]> => {
      let own = ''
      afresh()
      await ours(async () => {
        own = (await outcomeOf(Migrate, options)).stdout
      })
      afresh()
      return [own, (await django(...words)).stdout]
    }
    const steps: [string[], object][] = [
      [['migrate', 'sessions', '--plan'], { appLabel: 'sessions', plan: true }],
      [['migrate', 'sessions'], { appLabel: 'sessions' }],
      [['migrate', 'sessions', '0001'], { appLabel: 'sessions', migrationName: '0001' }],
      [['migrate', 'sessions', '--fake'], { appLabel: 'sessions', fake: true }],
      [['migrate', 'sessions', 'zero'], { appLabel: 'sessions', migrationName: 'zero' }],
    ]
    for (const [words, options] of steps) {
      const [own, theirs] = await outputs(words, options)
      expect(own, words.join(' ')).to.equal(theirs)
    }
  })

  it('print the same when they are reversed', async () => {
    await django('migrate')
    const theirs = (await django('migrate', 'sessions', 'zero')).stdout
    await ours(async () => {
      await outcomeOf(Migrate, {})
      expect((await outcomeOf(Migrate, { appLabel: 'sessions', migrationName: 'zero' })).stdout).to.equal(theirs)
    })
  })
})
