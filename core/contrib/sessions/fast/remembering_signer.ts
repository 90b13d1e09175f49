/** Remembers the JSON of signed strings that were written here: one that comes back need be neither verified nor unpacked. */
import { BoundedCache } from '#core/concurrency'
import type { JsonSigner } from '../json_signer.ts'

export class RememberingSigner implements JsonSigner {
  readonly #signer: JsonSigner
  readonly #written = new BoundedCache<string>()

  constructor(signer: JsonSigner) {
    this.#signer = signer
  }

  sign(json: string): string {
    const signed = this.#signer.sign(json)
    this.#written.add(signed, json)
    return signed
  }

  unsign(signed: string): string {
    return this.#written.get(signed) ?? this.#signer.unsign(signed)
  }
}
