/** Signed values, byte for byte as Django signs them: `Signer`, `TimestampSigner`, `dumps`, `loads`. */
export {
  b64Decode,
  b64Encode,
  BadSignature,
  dumps,
  type DumpsOptions,
  getCookieSigner,
  JSONSerializer,
  loads,
  type LoadsOptions,
  type ObjectOptions,
  saltedHmac,
  type Serializer,
  type SerializerClass,
  SignatureExpired,
  Signer,
  type SignerOptions,
  TimestampSigner,
} from './signer.ts'
export { constantTimeEqual, InvalidAlgorithm, type Secret } from './signing_key.ts'
