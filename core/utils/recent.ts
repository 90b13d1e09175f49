/** Remembers what was found out about texts that were met not long ago, within bounds of number and size. */

/** Texts; the oldest one leaves when there are too many. */
const MOST = 1000

/** Characters of a text that is worth remembering. */
const LONGEST = 2000

export class Recent<Value> {
  readonly #values = new Map<string, Value>()

  get(text: string): Value | undefined {
    return text.length <= LONGEST ? this.#values.get(text) : undefined
  }

  add(text: string, value: Value): void {
    if (text.length > LONGEST) return
    if (this.#values.size >= MOST) this.#values.delete(this.#values.keys().next().value as string)
    this.#values.set(text, value)
  }
}
