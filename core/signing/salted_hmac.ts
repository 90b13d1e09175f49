/** HMACs under derived keys, as django.utils.crypto.salted_hmac makes them. */
import { settings } from '#core/conf'
import { fastPaths } from '#core/utils'
import { rememberKeys } from './fast/remembering_key.ts'
import { deriveKey, type DeriveKey, type Secret } from './signing_key.ts'

/** @throws InvalidAlgorithm */
export const signingKey: DeriveKey = fastPaths ? rememberKeys(deriveKey) : deriveKey

/**
 * HMAC of a value under a key derived from a salt and a secret.
 * @param options.secret SECRET_KEY when absent
 * @param options.algorithm Django's own default here is sha1
 * @throws InvalidAlgorithm
 */
export function saltedHmac(
  salt: string,
  value: string | Uint8Array,
  { secret = settings.SECRET_KEY, algorithm = 'sha1' }: { secret?: Secret; algorithm?: string } = {},
): Buffer {
  return signingKey(salt, secret, algorithm).digest(value)
}
