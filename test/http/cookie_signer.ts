/** A class for SIGNING_BACKEND, and an invalid one. */
import { TimestampSigner } from '#core/signing'

export class LoudSigner extends TimestampSigner {
  override sign(value: string | number): string {
    return super.sign(String(value).toUpperCase())
  }
}

export class NoSigner {
  readonly sign = (value: string): string => value
}
