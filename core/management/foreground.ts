/** Runs another program in this terminal: it reads, writes and is interrupted there as though it had been called itself. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** What a shell adds to the number of the signal that ended a program. */
const SIGNALLED = 128

export interface ForegroundOptions {
  /** The folder to run in; the current one where absent. */
  readonly cwd?: string
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The program's exit code, as a shell tells it.
 * @throws the system's error where the program cannot be started: ENOENT where there is none
 */
export async function runInForeground(
  program: string,
  args: readonly string[],
  { cwd, env }: ForegroundOptions = {},
): Promise<number> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' })
  // Ctrl-C reaches the program too, and what it means is the program's to say: psql stops a query, and goes on.
  const leaveToProgram = (): void => {}
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', leaveToProgram).on('SIGTERM', passOn).on('SIGHUP', passOn)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal]))
      })
    })
  } finally {
    process.off('SIGINT', leaveToProgram).off('SIGTERM', passOn).off('SIGHUP', passOn)
  }
}
