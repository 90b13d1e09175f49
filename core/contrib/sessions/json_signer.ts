/** Signs the JSON of sessions. */
import type { TimestampSigner } from '#core/signing'

/** Signs the JSON of sessions, and reads it from signed strings. JSON is ASCII, as Django writes it. */
export interface JsonSigner {
  sign(json: string): string
  /** @throws BadSignature, or an error of zlib */
  unsign(signed: string): string
}

/** Compresses where that makes the string shorter. */
export class CompressingSigner implements JsonSigner {
  readonly #signer: TimestampSigner

  constructor(signer: TimestampSigner) {
    this.#signer = signer
  }

  sign(json: string): string {
    return this.#signer.signSerialized(json, true)
  }

  unsign(signed: string): string {
    return this.#signer.unsignSerialized(signed).toString('latin1')
  }
}
