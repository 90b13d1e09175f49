/** startproject: the files of a new project, and invalid names. */
import { expect } from 'chai'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { execute, ListeningTerminal } from '#core/management'
import { REPOSITORY } from '../processes.ts'
import { temporaryFolder } from '../../services.ts'

const read = (...file: string[]): string => readFileSync(path.join(...file), 'utf8')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: object
  readonly imports: object
}

const manifestIn = (folder: string): Manifest => JSON.parse(read(folder, 'package.json')) as Manifest

describe('startproject', () => {
  let folder: string
  const before = process.cwd()

  beforeEach(() => {
    folder = temporaryFolder('startproject')
    process.chdir(folder)
  })
  afterEach(() => process.chdir(before))

  async function startproject(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
    const code = await execute(['startproject', ...words], { root: folder, outside: true, stdout, stderr })
    return { code, out: stdout.text, err: stderr.text }
  }

  it('writes a project into a directory of its name, and prints nothing', async () => {
    expect(await startproject('mysite')).to.deep.equal({ code: 0, out: '', err: '' })
    const files = readdirSync('mysite', { recursive: true, encoding: 'utf8' })
    expect(files.filter((file) => statSync(path.join('mysite', file)).isFile()).toSorted()).to.deep.equal([
      '.gitignore',
      '.mocharc.json',
      'apps/urls.ts',
      'manage.ts',
      'package.json',
      'settings.ts',
      'test/project.test.ts',
      'tsconfig.json',
    ])
  })

  it('gives each project a random key, for development only', async () => {
    await startproject('one')
    await startproject('two')
    const keys = ['one', 'two'].map((name) => /SECRET_KEY: '(.*)'/.exec(read(name, 'settings.ts'))?.[1])
    for (const key of keys) expect(key).to.match(/^django-insecure-[a-z0-9!@#$%^&*(\-_=+)]{50}$/)
    expect(keys[0]).not.to.equal(keys[1])
  })

  it('writes the manage.ts of this repository, which is executable', async () => {
    await startproject('mysite')
    expect(read('mysite', 'manage.ts')).to.equal(read(REPOSITORY, 'manage.ts'))
    expect(statSync('mysite/manage.ts').mode & 0o111).to.equal(0o111)
    expect(statSync('mysite/settings.ts').mode & 0o111).to.equal(0)
  })

  it('depends on this version of Nuages, and on the tools of this repository', async () => {
    await startproject('My_Site')
    const made = manifestIn('My_Site')
    const ours = manifestIn(REPOSITORY)
    expect(made.name).to.equal('my_site')
    expect(made.imports).to.deep.equal({ '#core/*': 'nuages/*' })
    expect(made.dependencies).to.deep.equal({ nuages: `^${ours.version}`, tsx: ours.dependencies.tsx })
    expect(ours.devDependencies).to.include(made.devDependencies)
    expect(made.allowScripts).to.deep.equal(ours.allowScripts)
  })

  it('accepts another directory, creates it if it is missing, and lists the files with -v 2', async () => {
    const { code, out } = await startproject('mysite', 'a/b', '-v', '2')
    expect(code).to.equal(0)
    expect(out.split('\n')).to.include(`Creating ${path.join(folder, 'a/b/settings.ts')}`)
    expect(read('a/b/test/project.test.ts')).to.contain("describe('mysite'")
    mkdirSync('here')
    expect((await startproject('other', 'here')).code).to.equal(0)
    expect(existsSync('here/settings.ts')).to.equal(true)
  })

  it('overwrites nothing, and writes all files or none', async () => {
    mkdirSync('mysite/apps', { recursive: true })
    expect(await startproject('mysite')).to.deep.equal({
      code: 1,
      out: '',
      err: `CommandError: '${path.join(folder, 'mysite')}' already exists\n`,
    })
    await startproject('first', 'here')
    const key = read('here', 'settings.ts')
    expect((await startproject('second', 'here')).err).to.match(
      /^CommandError: .*here\/settings\.ts already exists\. Overlaying a project into an existing folder won't replace its files\.\n$/,
    )
    expect(read('here', 'settings.ts')).to.equal(key)
  })

  it('reports why it cannot write', async () => {
    expect((await startproject('mysite', '/dev/null/x')).err).to.match(/^CommandError: E[A-Z]+: .*\/dev\/null\/x/)
  })

  it('refuses a name that is not an identifier, or is already used', async () => {
    for (const name of ['1site', 'my-site', 'a.b', '_', '../x']) {
      expect(await startproject(name), name).to.deep.equal({
        code: 1,
        out: '',
        err: `CommandError: '${name}' is not a valid project name. Please make sure the name is a valid identifier.\n`,
      })
    }
    for (const [name, what] of Object.entries({ fs: 'Node module', koa: 'npm package', Nuages: 'npm package' })) {
      expect((await startproject(name)).err).to.equal(
        `CommandError: '${name}' conflicts with the name of an existing ${what} and cannot be used as a project name.` +
          ' Please try another name.\n',
      )
    }
    expect(readdirSync('.')).to.deep.equal([])
  })

  it('requires a name', async () => {
    const { code, err } = await startproject()
    expect(code).to.equal(2)
    expect(err).to.match(/\nmanage\.ts startproject: error: You must provide a project name\.\n$/)
  })
})
