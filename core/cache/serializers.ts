/**
 * How a cache serializes values. OPTIONS.serializer of an entry of CACHES names such a class. The serialized form is a
 * byte string: each character is one byte.
 */
import { dumpsPickle, loadsPickle } from '#core/serialization/pickle'
import { parseJson, stringifyJson } from '#core/serialization'

export interface CacheSerializer {
  /** @param name how error messages name the value */
  dumps(value: unknown, name?: string): string
  loads(bytes: string): unknown
}

export type CacheSerializerClass = new () => CacheSerializer

/** Django's serialization for shared caches: Django reads what this writes, and this reads Django's plain values. */
export class PickleSerializer implements CacheSerializer {
  dumps(value: unknown, name?: string): string {
    return dumpsPickle(value, name)
  }

  loads(bytes: string): unknown {
    return loadsPickle(bytes)
  }
}

/** Compact ASCII JSON, which any program can read. */
export class JSONSerializer implements CacheSerializer {
  dumps(value: unknown, name?: string): string {
    return stringifyJson(value, name)
  }

  loads(bytes: string): unknown {
    return parseJson(bytes)
  }
}
