/** The processes that a process has started, as Linux lists them. */
import { existsSync, readFileSync } from 'node:fs'

export const canBeListed = existsSync('/proc/self/task')
export const NO_PROCESS_LIST = 'This system has no /proc that lists processes.'

/** None of a process that has ended since it was listed. */
function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return list === '' ? [] : list.split(' ').map(Number)
  } catch {
    return []
  }
}

export const descendantsOf = (pid: number): number[] =>
  childrenOf(pid).flatMap((each) => [each, ...descendantsOf(each)])

/** Not gone, and not only waiting for its parent to take note of its end. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
