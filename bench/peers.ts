/** Other session libraries: a package of their own in bench/peers, installed when they are asked for. */
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { children, ended, Stopped } from './processes.ts'

const FOLDER = path.join(import.meta.dirname, 'peers')

/** Whether what the lock file names was installed since it was last changed. */
function areInstalled(): boolean {
  const installed = path.join(FOLDER, 'node_modules', '.package-lock.json')
  const wanted = path.join(FOLDER, 'package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs
}

/** @throws Error when npm fails */
export async function installPeers(tell: (line: string) => void): Promise<void> {
  if (areInstalled()) return
  tell('Installing the peers into bench/peers …')
  const child = children.start(['npm', 'ci', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  await ended(child)
  if (children.stopped) throw new Stopped()
  if (child.exitCode !== 0) throw new Error(`npm ci in bench/peers failed (${child.exitCode ?? child.signalCode}).`)
}
