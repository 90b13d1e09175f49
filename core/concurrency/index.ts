/** Batching, deadlines, locks and the event loop. */
export { backgroundWorkDone, inBackground } from './background.ts'
export { Batcher, type BatcherOptions, type JobResult } from './batcher.ts'
export { BoundedCache } from './bounded_cache.ts'
export { Deadline } from './deadline.ts'
export { flushTick, onTickEnd, promiseTry, tickEnd } from './event_loop.ts'
export { KeyedMutex } from './keyed_mutex.ts'
export { memoizeNumber, memoizeString } from './memoize.ts'
export { LinkedList, ListNode } from './linked_list.ts'
