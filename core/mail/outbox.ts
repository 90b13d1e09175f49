/** Where the locmem backend puts what it is given to send, for tests to read. */
import type { OutgoingMail } from './backends/base.ts'

/** The messages of the locmem backend, in the order sent. A test empties it: `outbox.length = 0`. */
export const outbox: OutgoingMail[] = []
