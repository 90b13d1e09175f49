/** Installs other session libraries, the separate package in bench/peers, when they are to be measured. */
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { children, ended, Stopped } from './processes.ts'

const FOLDER = path.join(import.meta.dirname, 'peers')

/** Whether the packages were installed after the last change of the lock file. */
function areInstalled(): boolean {
  const installed = path.join(FOLDER, 'node_modules', '.package-lock.json')
  const wanted = path.join(FOLDER, 'package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs
}

/** @throws Error if npm fails */
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
