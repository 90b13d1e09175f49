/** Session data as a string in a table, a file or a cookie: in Django's format, signed and perhaps compressed. */
import { cachedByKey, classWith, loadedFromSettings, loadNamed, settings } from '#core/conf'
import { BadSignature, JSONSerializer, type SerializerClass, TimestampSigner } from '#core/signing'
import { fastPaths, getLogger } from '#core/utils'
import { parseJson, stringifyJson } from '#core/serialization'
import { RememberingSigner } from './fast/remembering_signer.ts'
import { CompressingSigner, type JsonSigner } from './json_signer.ts'
import type { SessionDict } from './store.ts'

/** Django's salt of its built-in engines: every one of them is a class named SessionStore. */
export const STORE_SALT = 'django.contrib.sessions.SessionStore'

const log = getLogger('django.security.SuspiciousSession')

const serializer = loadedFromSettings('SESSION_SERIALIZER', () =>
  loadNamed('SESSION_SERIALIZER', settings.SESSION_SERIALIZER, classWith<SerializerClass>('dumps', 'loads')),
)

interface Salted {
  readonly signer: TimestampSigner
  readonly json: JsonSigner
}

function newSalted(salt: string): Salted {
  const signer = new TimestampSigner({ salt })
  const json = new CompressingSigner(signer)
  return { signer, json: fastPaths ? new RememberingSigner(json) : json }
}

const salted = cachedByKey((salt) => {
  // Strings that were written here are in the format of this serializer.
  serializer()
  return newSalted(salt)
})

/** The signed string of session data. @throws NotJson for a value that the serializer cannot hold */
export function encodeSession(data: Readonly<SessionDict>, salt = STORE_SALT): string {
  const { signer, json } = salted(salt)
  const Serializer = serializer()
  if (Serializer !== JSONSerializer) return signer.signObject(data, { serializer: Serializer, compress: true })
  // By itself, so that the message of an error names the key in the session.
  return json.sign(stringifyJson(data, 'session'))
}

/** The data of a signed string. @throws an error if it was tampered with or cannot be read */
export function readSession(text: string, salt: string): SessionDict {
  const { signer, json } = salted(salt)
  const Serializer = serializer()
  const data =
    Serializer === JSONSerializer ? parseJson(json.unsign(text)) : signer.unsignObject(text, { serializer: Serializer })
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new TypeError('Session data is no dict.')
  return data as SessionDict
}

/** When an authentic string was signed, in milliseconds since the epoch. */
export const sessionSignedAt = (text: string, salt: string): number => salted(salt).signer.signedAt(text)

/** The data of a signed string; empty when it was tampered with (which is logged) or cannot be read. */
export function decodeSession(text: string, salt = STORE_SALT): SessionDict {
  try {
    return readSession(text, salt)
  } catch (error) {
    if (error instanceof BadSignature) log.warning('Session data corrupted')
    return {}
  }
}
