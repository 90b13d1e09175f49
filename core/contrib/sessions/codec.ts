/** The text that stands for a session in a table, a file or a cookie: Django's own, signed and perhaps compressed. */
import { cachedByKey, loadedFromSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { BadSignature, JSONSerializer, type SerializerClass, TimestampSigner } from '#core/signing'
import { getLogger, importName } from '#core/utils'
import { parseJson, stringifyJson } from '#core/serialization'
import { BoundedCache } from '#core/concurrency'
import type { SessionDict } from './store.ts'

/** Django's salt of its built-in engines: every one of them is a class named SessionStore. */
export const STORE_SALT = 'django.contrib.sessions.SessionStore'

const log = getLogger('django.security.SuspiciousSession')

const serializer = loadedFromSettings('SESSION_SERIALIZER', async () => {
  const name = settings.SESSION_SERIALIZER
  const found = await importName(name, { setting: 'SESSION_SERIALIZER', root: projectRoot() })
  // An arrow function has no prototype.
  const { prototype } = found as { prototype?: Partial<Record<string, unknown>> }
  if (typeof prototype?.dumps !== 'function' || typeof prototype.loads !== 'function') {
    throw new ImproperlyConfigured(`SESSION_SERIALIZER names '${name}', which is not a class with dumps() and loads().`)
  }
  return found as SerializerClass
})

/** What is kept for each salt, so that it is not made anew for each session. */
class Salted {
  readonly signer: TimestampSigner
  /** The JSON in texts that were written here: one that comes back unchanged need be neither verified nor unpacked. */
  readonly written = new BoundedCache<string>()

  constructor(salt: string) {
    this.signer = new TimestampSigner({ salt })
  }
}

const salted = cachedByKey((salt) => {
  // What was written is in the format of this serializer.
  serializer()
  return new Salted(salt)
})

/** The text of session data. @throws NotJson for a value that the serializer cannot hold */
export function encodeSession(data: Readonly<SessionDict>, salt = STORE_SALT): string {
  const { signer, written } = salted(salt)
  const Serializer = serializer()
  if (Serializer !== JSONSerializer) return signer.signObject(data, { serializer: Serializer, compress: true })
  const json = stringifyJson(data, 'session')
  const text = signer.signSerialized(json, true)
  written.add(text, json)
  return text
}

/** The data of a text, or an error. */
export function readSession(text: string, salt: string, maxAge: number | null = null): SessionDict {
  const { signer, written } = salted(salt)
  const json = written.get(text)
  if (json !== undefined) {
    if (maxAge !== null) signer.checkAge(text, maxAge)
    return parseJson(json) as SessionDict
  }
  const data = signer.unsignObject(text, { serializer: serializer(), maxAge })
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new TypeError('Session data is no dict.')
  return data as SessionDict
}

/** The data of a text; empty when it was tampered with (which is logged) or cannot be read. */
export function decodeSession(text: string, salt = STORE_SALT): SessionDict {
  try {
    return readSession(text, salt)
  } catch (error) {
    if (error instanceof BadSignature) log.warning('Session data corrupted')
    return {}
  }
}
