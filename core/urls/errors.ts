/** What the URL room throws: nothing lies at a path, or no path leads to a name. */
import { Http404 } from '#core/exceptions'
import type { Tried } from './patterns/pattern.ts'

/** No pattern matches a path. */
export class Resolver404 extends Http404 {
  /** The path looked for, as `resolve` was given it. */
  readonly path: string
  readonly #listTried: () => readonly Tried[]

  constructor(path: string, listTried: () => readonly Tried[]) {
    super(`No URL pattern matches '${path}'.`)
    this.path = path
    this.#listTried = listTried
  }

  /** Every pattern that did not match, in order. Computed on access, so that a 404 outside DEBUG stays cheap. */
  get tried(): readonly Tried[] {
    return this.#listTried()
  }
}

/** No pattern has the name and takes the arguments that `reverse` was given. */
export class NoReverseMatch extends Error {
  override readonly name = 'NoReverseMatch'
}
