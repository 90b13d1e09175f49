/**
 * Rows that another transaction has locked. Waiting for one on a connection would take the connection from other sessions,
 * so a locked row is skipped and tried again.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { SessionLocked } from '../exceptions.ts'
import { LOCKED, storeTimeout, type Written } from './session_table.ts'

const [FIRST_PAUSE, LONGEST_PAUSE] = [5, 100]

/** Leaves time for the answer, before the caller is told that the store does not answer. */
const SHARE = 0.9

/**
 * Tries until the row is not locked.
 * @throws SessionLocked shortly before SESSION_STORE_TIMEOUT
 */
export async function whileLocked(attempt: () => Promise<Written>): Promise<boolean> {
  const due = performance.now() + storeTimeout() * SHARE
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const written = await attempt()
    if (written !== LOCKED) return written
    if (performance.now() + pause > due) throw new SessionLocked()
    await wait(pause)
  }
}
