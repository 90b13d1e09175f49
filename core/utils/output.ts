/** Writes to standard output and standard error that outlive their reader. */
import type { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'

const guarded = new WeakSet<EventEmitter>()

const ignore = (): void => {}

/**
 * Keeps the process alive when the stream fails: the reader of an output is gone (EPIPE), its terminal (EIO), the disk
 * is full (ENOSPC), a file to read does not exist. Without a listener, its `error` event would end the process.
 */
export function surviveErrorsOf(stream: EventEmitter): void {
  if (guarded.has(stream)) return
  guarded.add(stream)
  stream.on('error', ignore)
}

/** Writes a text, or drops it where the stream cannot take it. Never throws. */
export function writeText(stream: Writable, text: string): void {
  try {
    surviveErrorsOf(stream)
    stream.write(text)
  } catch {
    // Nothing is left to report it to.
  }
}
