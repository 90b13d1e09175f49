/** Batching, deadlines, locks and the event loop. */
export { backgroundWorkDone, inBackground, KeyedMutex } from './jobs.ts'
export { Batcher, type BatcherOptions, flushTick, type JobResult, onTickEnd, promiseTry, tickEnd } from './batcher.ts'
export { BoundedCache, LinkedList, ListNode } from './collections.ts'
export { Deadline } from './deadline.ts'
export { memoizeNumber, memoizeString } from './memoize.ts'
