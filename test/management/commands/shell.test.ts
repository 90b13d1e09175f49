/** shell: code as an argument, from a pipe and typed, with the project loaded. */
import { expect } from 'chai'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { endAll, managed, TestProject } from '../processes.ts'

describe('shell', () => {
  let project: TestProject

  before(() => {
    project = new TestProject({
      'apps/urls.ts': 'export const urlpatterns = []\n',
      'apps/tool.ts': "export const tool: string = 'a tool'\n",
    })
  })
  after(() => project.remove())
  afterEach(endAll)

  const shell = (words: string[], input?: string): ReturnType<typeof managed> =>
    managed(['shell', '--pythonpath', project.root, ...words], input === undefined ? {} : { input })

  it('runs a piece of code as a TypeScript module of the project', async () => {
    const code = `import { settings } from '#core/conf'
      import { tool } from './apps/tool.ts'
      const debug: boolean = await Promise.resolve(settings.DEBUG)
      console.log(debug, tool)`
    expect(await shell(['-c', code])).to.deep.include({ code: 0, stdout: 'true a tool\n', stderr: '' })
  })

  it('predefines names, unless disabled', async () => {
    const code =
      'console.log(typeof settings, typeof apps, typeof connection, typeof reverse, typeof globalThis.cache?.get)'
    expect((await shell(['-c', code])).stdout).to.equal('object object function function function\n')
    expect((await shell(['-c', code, '--no-imports'])).stdout).to.equal(
      'undefined undefined undefined undefined undefined\n',
    )
  })

  it('runs code from a pipe', async () => {
    expect(await shell([], 'console.log(settings.TIME_ZONE)\n')).to.deep.include({ code: 0, stdout: 'UTC\n' })
  })

  it('reports an error in the code, and leaves no file behind', async () => {
    const { code, stderr } = await shell(['-c', "throw new TypeError('not so')"])
    expect(code).to.equal(1)
    expect(stderr).to.match(/^TypeError: not so\n/)
    await shell(['-c', 'process.exit(7)']).then(({ code }) => expect(code).to.equal(7))
    expect(readdirSync(path.join(project.root)).filter((name) => name.includes('shell'))).to.deep.equal([])
  })

  it('supports await at the top level of an interactive session', async () => {
    // `script`, which every Linux has, provides a terminal.
    const { spawnSync } = await import('node:child_process')
    if (spawnSync('script', ['--version']).status !== 0) return
    const { MANAGE, Running } = await import('../processes.ts')
    const command = `${MANAGE} shell --pythonpath ${project.root}`
    const running = new Running('script', ['-qec', command, '/dev/null'], { env: { TERM: 'dumb' } })
    await running.line(/objects imported automatically/)
    running.child.stdin?.write('await Promise.resolve(settings.TIME_ZONE + "!")\n')
    await running.line(/'UTC!'/)
    running.child.stdin?.write('.exit\n')
    expect((await running.finished).code).to.equal(0)
  })
})
