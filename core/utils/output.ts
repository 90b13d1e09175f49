/** Writes to standard output and standard error that outlive their reader. */
import type { Writable } from 'node:stream'

const guarded = new WeakSet<Writable>()

const ignore = (): void => {}

/**
 * Keeps the process alive when the stream fails: its reader is gone (EPIPE), its terminal (EIO), or the disk is full
 * (ENOSPC). Without a listener, the stream's `error` event would end the process.
 */
export function surviveErrorsOf(stream: Writable): void {
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
