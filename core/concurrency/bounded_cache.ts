/** Remembers what was found out about texts that were met not long ago, within bounds of number and size. */

/** Texts of a generation. The newest one and the one before it are kept: to drop texts one by one costs more. */
const MOST = 500

/** Characters of a text that is worth remembering. */
const LONGEST = 2000

export class BoundedCache<Value> {
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  get(text: string): Value | undefined {
    return text.length <= LONGEST ? (this.#young.get(text) ?? this.#old.get(text)) : undefined
  }

  add(text: string, value: Value): void {
    if (text.length > LONGEST) return
    if (this.#young.size >= MOST) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, value)
  }
}
