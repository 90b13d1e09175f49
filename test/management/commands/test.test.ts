/** test: the files of a label, the arguments of mocha, and the exit code. */
import { expect } from 'chai'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type CommandError, ListeningTerminal, noStyle } from '#core/management'
import TestCommand from '../../../core/management/commands/test.ts'
import type { MochaOptions } from '../../../core/management/mocha.ts'
import { currentProject, Project, useProject } from '../../../core/management/project.ts'
import { type Finished, MANAGE, Running, settingsText, TestProject } from '../processes.ts'

/** The arguments that a fake mocha gets, which ends with a given exit code. */
async function given(
  start: string,
  options: Partial<Parameters<TestCommand['handle']>[0]> = {},
  code = 0,
): Promise<MochaOptions> {
  const before = currentProject()
  useProject(new Project({ start }))
  const terminal = new ListeningTerminal()
  const command = new TestCommand({ stdout: terminal, stderr: terminal, style: noStyle })
  let found: MochaOptions = {}
  const run = async (_program: string, mocha: MochaOptions): Promise<number> => {
    found = mocha
    return code
  }
  try {
    await Object.assign(command, { run }).handle({ testLabel: [], k: [], verbosity: 1, ...options })
    return found
  } finally {
    useProject(before)
  }
}

const refusal = (start: string, options: object): Promise<CommandError> =>
  given(start, options).then(
    () => expect.fail('it was not refused'),
    (error: CommandError) => error,
  )

const bareFolder = (): string => mkdtempSync(path.join(realpathSync(tmpdir()), 'nuages-bare-'))

describe('test', () => {
  let project: TestProject
  const files = (...names: string[]): string[] => names.map((name) => path.join(project.root, name))

  before(() => {
    project = new TestProject({
      'settings.ts': settingsText({ INSTALLED_APPS: "['apps.polls', 'elsewhere.blog']" }),
      '.mocharc.json': '{ "spec": ["test/**/*.test.ts"], "node-option": ["import=tsx"], "forbid-only": true }',
      'package.json': '{ "type": "module", "mocha": { "slow": 1, "forbid-only": false } }',
      'test/site.test.ts': "it('is not wanted', () => {})\n",
      'apps/polls/tests/polls.test.ts': '',
      'apps/polls/tests/helper.ts': '',
      'apps/polls/node_modules/other/other.test.js': '',
      'elsewhere/blog/blog.test.ts': `describe('blog', () => {
        it('fails first', () => { throw new Error('as it should') })
        it('comes second', () => {})
      })`,
      'bare/views.ts': '',
    })
  })
  after(() => project.remove())

  it('runs the files in .mocharc without a label, with its options', async () => {
    expect(await given(project.root)).to.deep.equal({
      spec: ['test/**/*.test.ts'],
      'node-option': ['import=tsx'],
      'forbid-only': true,
      'posix-exit-codes': true,
      slow: 1,
    })
  })

  it('runs only the tests of a label: a dotted name, an app, a directory, a file', async () => {
    for (const label of [
      'apps.polls',
      'polls',
      'apps/polls',
      'apps.polls.tests.polls',
      'apps/polls/tests/polls.test.ts',
    ])
      expect((await given(project.root, { testLabel: [label] })).spec, label).to.deep.equal(
        files('apps/polls/tests/polls.test.ts'),
      )
    const { spec, slow } = await given(project.root, { testLabel: ['blog', 'test.site'] })
    expect(spec).to.deep.equal(files('elsewhere/blog/blog.test.ts', 'test/site.test.ts'))
    expect(slow).to.equal(1)
  })

  it("translates Django's options to those of mocha", async () => {
    const words: [object, object][] = [
      [{ failfast: true }, { bail: true }],
      [{ k: ['(1 + 1)', 'a*b'] }, { grep: String.raw`\(1 \+ 1\)|a.*b` }],
      [{ parallel: true }, { parallel: true }],
      [{ parallel: '3' }, { parallel: true, jobs: 3 }],
      [{ parallel: '1' }, { parallel: false }],
      [{ verbosity: 0 }, { reporter: 'dot' }],
      [{ verbosity: 2 }, { reporter: 'spec' }],
      [{ noColor: true }, { color: false }],
      [{ forceColor: true }, { color: true }],
    ]
    const usual = await given(project.root)
    for (const [options, mocha] of words) {
      expect(await given(project.root, options)).to.deep.equal({ ...usual, ...mocha })
    }
    expect((await refusal(project.root, { parallel: 'many' })).message).to.equal(
      '--parallel should be a number of processes, found "many".',
    )
  })

  it('finds the tests itself without a .mocharc, and runs TypeScript', async () => {
    const other = new TestProject({ '.mocharc.json': '{}', 'a/b.test.ts': '', 'dist/b.test.js': '', 'c.test.mjs': '' })
    try {
      const { spec, 'node-option': nodeOption } = await given(other.root)
      expect(spec).to.deep.equal(['a/b.test.ts', 'c.test.mjs'].map((file) => path.join(other.root, file)))
      expect(nodeOption).to.be.an('array').with.length(2)
    } finally {
      other.remove()
    }
  })

  it('reports a label without tests, or one that resolves to nothing', async () => {
    expect((await refusal(project.root, { testLabel: ['bare'] })).message).to.equal(
      `There are no tests in ${project.root}/bare: no file there ends with .test.ts.`,
    )
    expect((await refusal(project.root, { testLabel: ['pols'] })).message).to.equal(
      `'pols' is neither a file or a folder, nor a dotted name in ${project.root}, nor the label of an installed app.`,
    )
  })

  it('reports how to install mocha', async () => {
    const bare = bareFolder()
    try {
      expect((await refusal(bare, {})).message).to.equal(
        `The tests run with mocha, which is not installed in ${bare}. Run: npm install --save-dev mocha chai`,
      )
    } finally {
      rmSync(bare, { recursive: true })
    }
  })

  it('ends with the exit code of mocha, without further output', async () => {
    const error = await given(project.root, {}, 7).catch((error: CommandError) => error)
    expect(error).to.deep.include({ exitCode: 7, message: '' })
  })

  it('runs the real mocha, from any directory, and leaves no file behind', async function () {
    // Three processes, one after the other.
    this.timeout(20_000)
    const TMPDIR = bareFolder()
    const words = ['test', '--pythonpath', project.root, 'blog.test.ts', '--failfast']
    const cwd = path.join(project.root, 'elsewhere/blog')
    const { code, stdout, stderr }: Finished = await new Running(MANAGE, words, { cwd, env: { TMPDIR } }).finished
    expect({ code, stderr }, stdout).to.deep.equal({ code: 1, stderr: '' })
    expect(stdout).to.contain('0 passing').and.contain('1 failing').and.contain('as it should')
    expect(readdirSync(TMPDIR).filter((name) => name.startsWith('nuages-'))).to.deep.equal([])
    rmSync(TMPDIR, { recursive: true })
  })
})
