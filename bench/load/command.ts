/** Runs the command of a load generator on its core and parses the line of JSON that it prints. */
import { setTimeout as after } from 'node:timers'
import { children, cores, ended, pinned, Stopped, tailOf } from '../processes.ts'

/** Maximum time in seconds that a load may take longer than planned. */
const SLACK = 15

/**
 * @param seconds duration of the load
 * @throws Error with the command's output if it fails
 */
export async function runCommand(command: readonly string[], seconds: number): Promise<unknown> {
  const child = children.start(pinned(cores.load, ...command), { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = tailOf(child.stdout)
  const errors = tailOf(child.stderr)
  const timer = after(() => child.kill('SIGKILL'), (seconds + SLACK) * 1000)
  await ended(child)
  clearTimeout(timer)
  if (children.stopped) throw new Stopped()
  const line = output()
    .split('\n')
    .findLast((each) => each.startsWith('{'))
  if (child.exitCode === 0 && line !== undefined) return JSON.parse(line)
  throw new Error(`The load generator failed (${child.exitCode ?? child.signalCode}). ${errors() || output()}`)
}
