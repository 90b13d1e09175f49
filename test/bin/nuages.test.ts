/** nuages, the program of the package: its commands without a project, and the project that it creates. */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Finished, freePort, REPOSITORY, Running, TestProject } from '../management/processes.ts'
import { builtPackage, installPackage } from './package.ts'

describe('nuages, the program of the package', function () {
  // These tests start processes.
  this.timeout(60_000)
  let folder: TestProject
  let program: string

  before(async () => {
    const nuages = await builtPackage()
    const { bin } = JSON.parse(readFileSync(path.join(nuages, 'package.json'), 'utf8')) as { bin: { nuages: string } }
    program = path.join(nuages, bin.nuages)
    folder = new TestProject()
  })
  after(() => folder.remove())

  const nuages = (...words: string[]): Promise<Finished> => new Running(program, words, { cwd: folder.root }).finished

  it('has the commands that need no project', async () => {
    const { code, stdout, stderr } = await nuages()
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.equal(
      "\nType 'nuages help <subcommand>' for help on a specific subcommand.\n\nAvailable subcommands:\n\n" +
        '[core]\n    help\n    startproject\n    version\n',
    )
    expect((await nuages('help', 'startproject')).stdout).to.match(/^usage: nuages startproject \[options\] <name>/)
  })

  it('reports how to run the others', async () => {
    const { code, stderr } = await nuages('migrate')
    expect({ code, stderr }).to.deep.equal({
      code: 1,
      stderr: "'migrate' runs in a project: ./manage.ts migrate\nType 'nuages help' for usage.\n",
    })
  })

  describe('creates a project', () => {
    let root: string
    before(async () => {
      root = path.join(folder.root, 'mysite')
      const { code, stdout, stderr } = await nuages('startproject', 'mysite')
      expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '', stderr: '' })
      await installPackage(root)
    })

    const manage = (...words: string[]): Promise<Finished> =>
      new Running(path.join(root, 'manage.ts'), words, { cwd: root }).finished

    it('that passes `check`, and migrates', async () => {
      expect(await manage('check')).to.deep.include({
        code: 0,
        stdout: 'System check identified no issues (0 silenced).\n',
        stderr: '',
      })
      const { code, stdout } = await manage('migrate')
      expect(code).to.equal(0)
      expect(stdout).to.contain('  Apply all migrations: auth, contenttypes, sessions\n')
    })

    it('whose types and tests pass, and which serves an app', async () => {
      expect((await manage('startapp', 'polls')).code).to.equal(0)
      folder.write(
        'mysite/apps/urls.ts',
        `import { include, path, type UrlPatterns } from '#core/urls'
export const urlpatterns: UrlPatterns = [path('polls/', include('apps.polls.urls'))]
`,
      )
      const tsc = path.join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc')
      const port = String(await freePort())
      const server = new Running(path.join(root, 'manage.ts'), ['runserver', '--noreload', port], { cwd: root })
      try {
        const types = await new Running(process.execPath, [tsc, '-p', root]).finished
        expect(types).to.deep.include({ code: 0, stdout: '' })
        const tests = await manage('test')
        expect(tests, tests.stderr).to.include({ code: 0 })
        expect(tests.stdout).to.contain('✔ passes the system checks').and.contain('✔ answers at its first page')
        await server.line(/^Quit the server/)
        expect(await (await fetch(`http://127.0.0.1:${port}/polls/`)).text()).to.equal('Hello from polls.')
      } finally {
        server.kill()
        await server.finished
      }
    })
  })
})
