/**
 * How values lie in a cache; OPTIONS.serializer of an entry of CACHES names such a class. What is stored is a byte
 * string: each character stands for one byte.
 */
import { dumpsPickle, loadsPickle } from '#core/serialization/pickle'
import { parseJson, stringifyJson } from '#core/serialization'

export interface CacheSerializer {
  /** @param name what the value is called in the message of an error */
  dumps(value: unknown, name?: string): string
  loads(bytes: string): unknown
}

export type CacheSerializerClass = new () => CacheSerializer

/** As Django keeps values in a cache that others share: it reads what we write, and we read plain values of its. */
export class PickleSerializer implements CacheSerializer {
  dumps(value: unknown, name?: string): string {
    return dumpsPickle(value, name)
  }

  loads(bytes: string): unknown {
    return loadsPickle(bytes)
  }
}

/** Tight ASCII JSON, which any program can read. */
export class JSONSerializer implements CacheSerializer {
  dumps(value: unknown, name?: string): string {
    return stringifyJson(value, name)
  }

  loads(bytes: string): unknown {
    return parseJson(bytes)
  }
}
