/** Signs the JSON of sessions. */
import type { TimestampSigner } from '#core/signing'

/** Signs the JSON of sessions, and reads it from signed strings. JSON is ASCII, as Django writes it. */
export interface JsonSigner {
  sign(json: string): string
  /** @param maxAge seconds, null for any age  @throws BadSignature, SignatureExpired, or an error of zlib */
  unsign(signed: string, maxAge: number | null): string
  /** Checks the age of an authentic string. @throws SignatureExpired */
  checkAge(signed: string, maxAge: number): void
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

  unsign(signed: string, maxAge: number | null): string {
    return this.#signer.unsignSerialized(signed, { maxAge }).toString('latin1')
  }

  checkAge(signed: string, maxAge: number): void {
    this.#signer.checkAge(signed, maxAge)
  }
}
