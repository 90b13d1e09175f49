/** How a value becomes bytes before it is signed, and bytes become base64url. */
import { parseJson, stringifyJson } from '#core/serialization'

/** Turns values into bytes and back; SESSION_SERIALIZER and the `serializer` of dumps() name such a class. */
export interface Serializer {
  dumps(value: unknown): Uint8Array
  loads(bytes: Uint8Array): unknown
}

export type SerializerClass = new () => Serializer

/** The same bytes as a Buffer, without a copy. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Tight ASCII JSON, as Django's serializer of the same name writes it. */
export class JSONSerializer implements Serializer {
  dumps(value: unknown): Uint8Array {
    return Buffer.from(stringifyJson(value), 'latin1')
  }

  loads(bytes: Uint8Array): unknown {
    return parseJson(asBuffer(bytes).toString('latin1'))
  }
}

export const b64Encode = (bytes: Uint8Array): string => asBuffer(bytes).toString('base64url')

export const b64Decode = (text: string): Buffer => Buffer.from(text, 'base64url')
