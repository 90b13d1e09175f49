/** A cache of values by string, bounded in number and in the length of the strings. */

/** Entries of a generation. The two newest generations are kept, because dropping entries one by one costs more. */
const MOST = 500

/** Longest string that is cached, in characters. */
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
