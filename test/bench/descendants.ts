/** The processes that a process has started, as Linux lists them. */
import { existsSync, readFileSync } from 'node:fs'

export const canBeListed = existsSync('/proc/self/task')

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return list === '' ? [] : list.split(' ').map(Number)
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
