/** The signer of cookies: of the class that SIGNING_BACKEND names. */
import { loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { importName } from '#core/utils'
import { TimestampSigner } from './signer.ts'
import type { Secret } from './signing_key.ts'

/** The secret of signed cookies, kept apart from the other uses of SECRET_KEY. */
const cookieKey = (secret: Secret): Buffer => Buffer.concat([Buffer.from('django.http.cookies'), Buffer.from(secret)])

const cookieSignerClass = loadedFromSettings('SIGNING_BACKEND', async () => {
  const name = settings.SIGNING_BACKEND
  const found = await importName(name, { setting: 'SIGNING_BACKEND', root: projectRoot() })
  const { prototype } = found as { prototype?: unknown }
  if (found === TimestampSigner || prototype instanceof TimestampSigner) return found as typeof TimestampSigner
  throw new ImproperlyConfigured(
    `SIGNING_BACKEND names '${name}', which is not a class that extends TimestampSigner of #core/signing.`,
  )
})

/** The signer of cookies under a salt. */
export function getCookieSigner(salt = 'django.core.signing.get_cookie_signer'): TimestampSigner {
  const CookieSigner = cookieSignerClass()
  return new CookieSigner({
    salt,
    key: cookieKey(settings.SECRET_KEY),
    fallbackKeys: settings.SECRET_KEY_FALLBACKS.map(cookieKey),
  })
}
