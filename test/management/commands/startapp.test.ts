/** startapp: the files of a new app, and invalid names. */
import { expect } from 'chai'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { endAll, managed, REPOSITORY, Running, settingsText, TestProject } from '../processes.ts'

describe('startapp', () => {
  let project: TestProject

  beforeEach(() => {
    project = new TestProject({
      'settings.ts': settingsText({ INSTALLED_APPS: "['apps.shop']" }),
      'apps/shop/views.ts': '',
    })
  })
  afterEach(async () => {
    await endAll()
    project.remove()
  })

  const startapp = (...words: string[]): ReturnType<typeof managed> =>
    managed(['startapp', '--pythonpath', project.root, ...words], { cwd: project.root })

  it('writes the files of an app into apps/, and prints nothing', async () => {
    const { code, stdout, stderr } = await startapp('polls')
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '', stderr: '' })
    const files = readdirSync(path.join(project.root, 'apps/polls'), { recursive: true }) as string[]
    expect(files.toSorted()).to.deep.equal([
      'apps.ts',
      'migrations',
      'migrations/.gitkeep',
      'tests',
      'tests/polls.test.ts',
      'urls.ts',
      'views.ts',
    ])
    expect(readFileSync(path.join(project.root, 'apps/polls/apps.ts'), 'utf8')).to.contain('class PollsConfig extends')
  })

  it('writes an app that passes `check` and its test', async () => {
    await startapp('my_polls')
    project.write('settings.ts', settingsText({ INSTALLED_APPS: "['apps.my_polls']" }))
    project.write('apps/urls.ts', "export { urlpatterns } from './my_polls/urls.ts'\n")
    const check = await managed(['check', '--pythonpath', project.root])
    expect(check).to.deep.include({ code: 0, stdout: 'System check identified no issues (0 silenced).\n' })
    const test = path.join(project.root, 'apps/my_polls/tests/my_polls.test.ts')
    const mocha = path.join(REPOSITORY, 'node_modules/mocha/bin/mocha.js')
    const words = [mocha, '--no-config', '--node-option', 'import=tsx', test]
    const { code, stdout } = await new Running(process.execPath, words).finished
    expect(stdout).to.contain('1 passing')
    expect(code).to.equal(0)
  })

  it('accepts another directory, and creates it if it is missing', async () => {
    expect(await startapp('polls', 'elsewhere/polls', '-v', '2')).to.deep.include({ code: 0, stderr: '' })
    expect(existsSync(path.join(project.root, 'elsewhere/polls/views.ts'))).to.equal(true)
  })

  it('refuses a name that is not an identifier, or is already used', async () => {
    const invalid = await startapp('1polls')
    expect(invalid).to.deep.include({
      code: 1,
      stderr: "CommandError: '1polls' is not a valid app name. Please make sure the name is a valid identifier.\n",
    })
    for (const name of ['core', 'shop']) {
      const { code, stderr } = await startapp(name)
      expect(code).to.equal(1)
      expect(stderr).to.match(/^CommandError: '\w+' conflicts with the name of .* and cannot be used as an app name\./)
    }
  })

  it('requires a name', async () => {
    const { code, stderr } = await managed(['startapp'], { cwd: project.root })
    expect(code).to.equal(2)
    expect(stderr).to.match(/\nmanage\.ts startapp: error: You must provide an application name\.\n$/)
  })

  it('overwrites nothing', async () => {
    mkdirSync(path.join(project.root, 'apps/polls'))
    const taken = await startapp('polls')
    expect(taken.stderr).to.equal(`CommandError: '${path.join(project.root, 'apps/polls')}' already exists.\n`)
    project.write('here/views.ts', '// mine\n')
    const overlay = await startapp('polls', 'here')
    expect(overlay.code).to.equal(1)
    expect(overlay.stderr).to.match(/^CommandError: .*here\/views\.ts already exists\./)
    expect(readdirSync(path.join(project.root, 'here'))).to.deep.equal(['views.ts'])
  })
})
