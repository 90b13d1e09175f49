/** The processes that a process has started, as listed by Linux. */
import { existsSync, readFileSync } from 'node:fs'

export const canBeListed = existsSync('/proc/self/task')
export const NO_PROCESS_LIST = 'This system has no /proc that lists processes.'

/** A file of a process in /proc, or '' once the process has ended, which can happen at any time. */
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

export const commandOf = (pid: number): string => procFile(pid, 'cmdline')

function childrenOf(pid: number): number[] {
  const list = procFile(pid, `task/${pid}/children`).trim()
  return list === '' ? [] : list.split(' ').map(Number)
}

export const descendantsOf = (pid: number): number[] =>
  childrenOf(pid).flatMap((each) => [each, ...descendantsOf(each)])

/** Neither gone nor a zombie. */
export function isAlive(pid: number): boolean {
  const stat = procFile(pid, 'stat')
  return stat !== '' && !/^\d+ \(.*\) [ZX]/.test(stat)
}
