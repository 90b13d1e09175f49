/** Bytes that are needed for a moment: a buffer of one's own costs more than what is done with a short text. */

export class ReusableBuffer {
  readonly bytes: Buffer
  /** Its beginnings by their length, each made once: texts are of few lengths. */
  readonly #beginnings: (Buffer | undefined)[]

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size)
    this.#beginnings = Array.from({ length: size + 1 })
  }

  /** The first `length` bytes, until they are written over. */
  beginning(length: number): Buffer {
    return (this.#beginnings[length] ??= this.bytes.subarray(0, length))
  }
}
