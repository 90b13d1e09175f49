/** Programs in this terminal: their input, their exit codes, and who receives a signal. */
import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import path from 'node:path'
import { REPOSITORY, Running } from './processes.ts'

const MODULE = path.join(REPOSITORY, 'core/management/terminal.ts')

/** Code that runs a program of Node, given as code, in the foreground, and prints how it ended. */
const running = (program: string, options = '{}'): string[] => [
  '--import',
  'tsx',
  '--input-type=module',
  '-e',
  `const { runInForeground } = await import('${MODULE}')
   const code = await runInForeground(process.execPath, ['-e', ${JSON.stringify(program)}], ${options})
   console.log('ended with', code)`,
]

describe('a program in the foreground', () => {
  it('uses the terminal, directory and variables of the command, with additional variables', async () => {
    const program = `process.stdin.once('data', (text) => console.log(process.cwd(), process.env.A, process.env.HOME, String(text)))`
    const words = running(program, "{ cwd: '/', env: { A: 'a' } }")
    const each = new Running(process.execPath, words, { env: { HOME: '/home', A: 'b' } })
    each.child.stdin?.end('typed')
    const { stdout, stderr } = await each.finished
    expect({ stdout, stderr }).to.deep.equal({ stdout: '/ a /home typed\nended with 0\n', stderr: '' })
  })

  it('returns its exit code, or that of a shell if a signal ended it', async () => {
    const [code, signal] = await Promise.all(
      ['process.exit(7)', "process.kill(process.pid, 'SIGKILL')"].map(
        (program) => new Running(process.execPath, running(program)).finished,
      ),
    )
    expect([code?.stdout, signal?.stdout]).to.deep.equal(['ended with 7\n', 'ended with 137\n'])
  })

  /** The output when a signal is sent to the whole terminal or to the command alone. */
  async function interrupted(signal: NodeJS.Signals, isForAll: boolean): Promise<string> {
    const program = `process.on('${signal}', () => { console.log('heard'); process.exit(3) })
      console.log('ready'); setTimeout(() => {}, 60000)`
    // A process group, as a terminal creates one for a command.
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
    const child = spawn(process.execPath, running(program), { cwd: REPOSITORY, detached: true, stdio })
    const pid = child.pid as number
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (line === 'ready') process.kill(isForAll ? -pid : pid, signal)
    }
    return lines.join(', ')
  }

  it('handles Ctrl-C itself, and the command waits for it', async () => {
    expect(await interrupted('SIGINT', true)).to.equal('ready, heard, ended with 3')
  })

  it('gets the signal when only the command is terminated', async () => {
    expect(await interrupted('SIGTERM', false)).to.equal('ready, heard, ended with 3')
  })
})
