/** What a file of the file cache holds, as Django writes it: the pickle of its expiry, then the value, compressed. */
import { deflateSync, type InputType, inflateSync } from 'node:zlib'
import { pickledFloat, readPickle } from '../utils/pickle.ts'

export interface FileEntry {
  /** A byte string. */
  readonly text: string
  /** Milliseconds since the epoch; infinite for a value that is kept for ever. */
  readonly expiresAt: number
}

/** No value is larger: a small file that claims to be would fill the memory. */
const MOST_BYTES = 2 ** 28

/** The size of the largest file: data that cannot be compressed grows by less than 1 MiB. */
export const MOST_FILE_BYTES = MOST_BYTES + 2 ** 20

/** Seconds since the epoch, or None. */
const pickledExpiry = (expiresAt: number): string =>
  `\x80\x04${Number.isFinite(expiresAt) ? pickledFloat(expiresAt / 1000) : 'N'}.`

/** @throws RangeError for a value that is too large to be read again */
export function encodeEntry({ text, expiresAt }: FileEntry): Buffer {
  if (text.length > MOST_BYTES) {
    throw new RangeError(`A value in a file cache can have ${MOST_BYTES} bytes, and this one has ${text.length}.`)
  }
  return Buffer.concat([Buffer.from(pickledExpiry(expiresAt), 'latin1'), deflateSync(Buffer.from(text, 'latin1'))])
}

/** With `info`, zlib tells how far it has read; Node's types do not know of it. */
type Inflate = (bytes: InputType, options: object) => { buffer: Buffer; engine: { bytesWritten: number } }

/** Undefined for what is none of ours or Django's, or only a part of it. */
export function decodeEntry(content: Buffer): FileEntry | undefined {
  try {
    // An expiry takes a few bytes, a number as text some more.
    const { value, end } = readPickle(content.toString('latin1', 0, 100))
    if (value !== null && typeof value !== 'number') return undefined
    const packed = content.subarray(end)
    const { buffer, engine } = (inflateSync as unknown as Inflate)(packed, { info: true, maxOutputLength: MOST_BYTES })
    if (engine.bytesWritten !== packed.length) return undefined
    // The thousandfold of a float is off in the last place.
    const expiresAt = value === null ? Number.POSITIVE_INFINITY : Math.round(value * 1e6) / 1e3
    return { text: buffer.toString('latin1'), expiresAt }
  } catch {
    return undefined
  }
}
