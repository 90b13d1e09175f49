/** The signer of cookies: of the class that SIGNING_BACKEND names. */
import { loadedFromSettings, loadNamed, type Requirement, settings } from '#core/conf'
import { TimestampSigner } from './signer.ts'
import type { Secret } from './signing_key.ts'

/** The secret of signed cookies, kept apart from the other uses of SECRET_KEY. */
const cookieKey = (secret: Secret): Buffer => Buffer.concat([Buffer.from('django.http.cookies'), Buffer.from(secret)])

const SIGNER: Requirement<typeof TimestampSigner> = {
  expected: 'TimestampSigner of #core/signing or a subclass of it',
  accepts: (value): value is typeof TimestampSigner =>
    typeof value === 'function' && (value === TimestampSigner || value.prototype instanceof TimestampSigner),
}

const cookieSignerClass = loadedFromSettings('SIGNING_BACKEND', () =>
  loadNamed('SIGNING_BACKEND', settings.SIGNING_BACKEND, SIGNER),
)

/** The signer of cookies under a salt. */
export function getCookieSigner(salt = 'django.core.signing.get_cookie_signer'): TimestampSigner {
  const CookieSigner = cookieSignerClass()
  return new CookieSigner({
    salt,
    key: cookieKey(settings.SECRET_KEY),
    fallbackKeys: settings.SECRET_KEY_FALLBACKS.map(cookieKey),
  })
}
