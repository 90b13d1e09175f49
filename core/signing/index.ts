/** Signed values, byte for byte as Django signs them: `Signer`, `TimestampSigner`, `dumps`, `loads`. */
export { getCookieSigner } from './cookie_signer.ts'
export { saltedHmac } from './salted_hmac.ts'
export { b64Decode, b64Encode, JSONSerializer, type Serializer, type SerializerClass } from './serializers.ts'
export {
  BadSignature,
  dumps,
  type DumpsOptions,
  loads,
  type LoadsOptions,
  type ObjectOptions,
  SignatureExpired,
  Signer,
  type SignerOptions,
  TimestampSigner,
} from './signer.ts'
export { constantTimeEqual, InvalidAlgorithm, type Secret } from './signing_key.ts'
