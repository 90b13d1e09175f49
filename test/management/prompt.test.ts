/** A prompt at the terminal: answered, empty, or cancelled. */
import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import path from 'node:path'
import { REPOSITORY, Running, TestProject } from './processes.ts'

describe('a prompt at the terminal', () => {
  let project: TestProject
  before(() => {
    project = new TestProject({
      'asks.ts': `import { ask } from '${path.join(REPOSITORY, 'core/management/terminal.ts')}'
        console.log('heard', JSON.stringify(await ask('Sure? ').catch(String)))`,
    })
  })
  after(() => project.remove())

  const words = (): string[] => ['--import', 'tsx', path.join(project.root, 'asks.ts')]

  async function prompted(input: string): Promise<string> {
    const running = new Running(process.execPath, words())
    running.child.stdin?.end(input)
    return (await running.finished).stdout
  }

  it('returns the line of the user', async () => {
    expect(await prompted('yes\nno\n')).to.equal('Sure? heard "yes"\n')
  })

  it('returns an empty string without a terminal', async () => {
    expect(await prompted('')).to.equal('Sure? heard ""\n')
  })

  it('throws at Ctrl-C', async () => {
    // `script`, which every Linux has, provides a terminal.
    if (spawnSync('script', ['--version']).status !== 0) return
    const command = [process.execPath, ...words()].join(' ')
    const running = new Running('script', ['-qec', command, '/dev/null'], { env: { TERM: 'dumb' } })
    running.child.stdout?.once('data', () => running.child.stdin?.write('\u0003'))
    await running.line(/heard "CommandError: \\nOperation cancelled\."/)
    running.child.stdin?.end()
    await running.finished
  })
})
