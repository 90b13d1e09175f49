/** `npm run bench` prints a table, parses its arguments and leaves nothing behind when it is interrupted. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { skipTest } from '../services.ts'
import { canBeListed, commandOf, descendantsOf, isAlive, NO_PROCESS_LIST } from './descendants.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')

interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly result: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const program = path.join(ROOT, 'bench', 'run.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  })
  const finish = async () => {
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { code: child.exitCode, stdout, stderr }
  }
  return { child, result: finish() }
}

const isServer = (pid: number): boolean => commandOf(pid).includes('limit_koa.js')

/** Waits for something outside this process, limited by mocha's timeout. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await pause(20)
}

describe('the benchmark', function () {
  this.timeout(60_000)

  it('prints a row of figures for the floor and for each target', async () => {
    const run = bench(['koa', 'counter', 'memory', '--rounds', '1', '--seconds', '0.3', '--load', 'autocannon'])
    const { code, stdout, stderr } = await run.result
    expect(stdout).to.match(/^work +stack +sessions in +requests\/s +spread +ratio +CPU µs +spread +ratio/m)
    expect(stdout).to.match(/^hello +node:http +[\d,]+ +1\.00 +[\d.,]+ +1\.00 +\d/m)
    expect(stdout).to.match(/^counter +koa, by hand +memory +[\d,]+ .* 100 %$/m)
    expect(stderr).to.match(/^1\/1 {2}koa, by hand counter memory {2}[\d,]+ requests\/s/m)
    expect(code).to.equal(0)
  })

  for (const [args, message] of [
    [['--rounds', '0'], "--rounds should be a number from 1 to 100, found '0'."],
    [['--rounds', '1.5'], "--rounds should be a whole number, found '1.5'."],
    [['--seconds', 'many'], "--seconds should be a number from 0.1 to 60, found 'many'."],
    [['--load', 'siege'], "--load should be wrk or autocannon, found 'siege'."],
    [['--goals', '--peers'], '--goals has the peers that it needs; leave --peers out.'],
    [['--goals', 'cold', 'file'], 'There is no goal for a target with all of these words in its name: cold, file.'],
    [['no-such-target'], 'No target has all of these words in its name: no-such-target. --list prints the names.'],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await bench(args).result
      expect(stderr).to.contain(message)
      expect(stdout).to.equal('')
      expect(code).to.equal(2)
    })
  }

  it('ends all its processes and removes its files when it is interrupted', async function () {
    if (!canBeListed) skipTest(this, NO_PROCESS_LIST)
    const folder = mkdtempSync(path.join(tmpdir(), 'nuages-bench-test-'))
    try {
      const { child, result } = bench(['koa', 'counter', 'memory', '--rounds', '9'], { TMPDIR: folder })
      await once(child.stderr, 'data')
      const pid = child.pid as number
      await until(() => descendantsOf(pid).some(isServer))
      const processes = descendantsOf(pid)
      child.kill('SIGINT')
      expect((await result).code).to.equal(130)
      await until(() => !processes.some(isAlive))
      expect(readdirSync(folder).filter((name) => name.startsWith('nuages-bench-'))).to.deep.equal([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
