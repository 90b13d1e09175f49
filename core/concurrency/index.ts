/** Batching, deadlines, locks and the event loop. */
export { backgroundWorkDone, inBackground } from './jobs.ts'
export { Batcher, type BatcherOptions, type JobResult } from './batcher.ts'
export { BoundedCache } from './collections.ts'
export { Deadline } from './deadline.ts'
export { flushTick, onTickEnd, promiseTry, tickEnd } from './batcher.ts'
export { KeyedMutex } from './jobs.ts'
export { memoizeNumber, memoizeString } from './memoize.ts'
export { LinkedList, ListNode } from './collections.ts'
