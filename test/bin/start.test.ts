/** npm start: migrates, serves and stops; the second time it changes nothing. */
import { expect } from 'chai'
import { cpSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { type Finished, freePort, REPOSITORY, Running, settingsText, TestProject } from '../management/processes.ts'

describe('npm start', function () {
  this.timeout(60_000)
  let project: TestProject

  before(() => {
    project = new TestProject({
      'settings.ts': settingsText({ INSTALLED_APPS: "['core.contrib.sessions']" }),
      'apps/urls.ts': `import { HttpResponse } from '#core/http'
import { path } from '#core/urls'
export const urlpatterns = [path('', () => new HttpResponse('here'))]
`,
    })
    for (const file of ['manage.ts', 'bin']) {
      cpSync(path.join(REPOSITORY, file), path.join(project.root, file), { recursive: true })
    }
    mkdirSync(path.join(project.root, 'node_modules'))
    symlinkSync(path.join(REPOSITORY, 'node_modules', 'tsx'), path.join(project.root, 'node_modules', 'tsx'))
  })
  after(() => project.remove())

  /** Starts the project at PORT, requests its first page, and stops it. */
  async function started(signal: NodeJS.Signals): Promise<Finished> {
    const port = await freePort()
    const running = new Running(process.execPath, [path.join(project.root, 'bin', 'start.mjs')], {
      env: { PORT: String(port) },
    })
    try {
      await running.line(new RegExp(`^Starting development server at http://127\\.0\\.0\\.1:${port}/$`))
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('here')
      running.kill(signal)
      return await running.finished
    } finally {
      running.kill()
    }
  }

  it('migrates, serves at PORT, and stops cleanly', async () => {
    const { code, stdout, stderr } = await started('SIGTERM')
    expect(code).to.equal(0)
    expect(stdout).to.contain('  Applying sessions.0001_initial... OK\n')
    expect(stdout).not.to.contain('unapplied migration')
    expect(stderr).not.to.match(/^ +at /m)
  })

  it('changes nothing and prints nothing about migrations the second time', async () => {
    const database = path.join(project.root, 'db.sqlite3')
    const before = statSync(database)
    const { code, stdout } = await started('SIGINT')
    expect(code).to.equal(0)
    expect(stdout).to.match(/^Performing system checks\.\.\.\n/)
    expect(statSync(database).size).to.equal(before.size)
  })

  it('stops if the database cannot be migrated, and reports why', async () => {
    project.write('settings.ts', settingsText({ DATABASES: "{ default: { ENGINE: 'core.db.backends.nothing' } }" }))
    const { code, stdout, stderr } = await new Running(process.execPath, [path.join(project.root, 'bin', 'start.mjs')])
      .finished
    expect(code).to.equal(1)
    expect(stderr).to.contain('core.db.backends.nothing')
    expect(stdout).not.to.contain('Starting development server')
  })
})
