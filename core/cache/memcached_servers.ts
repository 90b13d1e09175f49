/**
 * Distributes keys over several memcached servers by rendezvous hashing: the server with the highest score for a key
 * stores it. When a server is added or removed, only its share of the keys moves. The scores are those of pymemcache
 * (https://github.com/pinterest/pymemcache), so that Django's PyMemcacheCache finds the keys on the same servers.
 */
import { ImproperlyConfigured } from '#core/exceptions'

export interface MemcachedServer {
  /** `host:port`, or the path of a socket. */
  readonly name: string
  readonly connect: { readonly host: string; readonly port: number } | { readonly path: string }
}

const DEFAULT_PORT = 11211

function server(address: string, alias: string): MemcachedServer {
  const path = address.replace(/^unix:(?:\/\/)?/, '')
  if (path.startsWith('/')) return { name: path, connect: { path } }
  const found = /^(?:\[([\w:.%]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(address.replace(/^memcached:\/\//, ''))
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3] ?? DEFAULT_PORT)
  if (host === undefined || port > 65_535) {
    throw new ImproperlyConfigured(
      `CACHES['${alias}'].LOCATION should be host:port, unix:/path/of/socket, or a list of these, found '${address}'.`,
    )
  }
  return { name: `${host}:${port}`, connect: { host, port } }
}

/** LOCATION as in Django: a list, or a string with the servers separated by commas or semicolons. */
export function memcachedServers(location: string | readonly string[], alias: string): MemcachedServer[] {
  const addresses = typeof location === 'string' ? location.split(/[;,]/) : location
  return addresses.map((address) => server(address.trim(), alias))
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
const mixed = (block: number): number => Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)

/** MurmurHash3, 32 bits, seed 0, of the low byte of each character. */
export function murmur3(input: string): number {
  // By code points, as in Python.
  const bytes = Array.from(input, (character) => (character.codePointAt(0) as number) & 0xff)
  const whole = bytes.length - (bytes.length % 4)
  const byte = (i: number): number => bytes[i] ?? 0
  let hash = 0
  for (let i = 0; i < whole; i += 4) {
    const block = byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24)
    hash = (Math.imul(rotated(hash ^ mixed(block), 13), 5) + 0xe6546b64) | 0
  }
  if (whole < bytes.length) hash ^= mixed(byte(whole) | (byte(whole + 1) << 8) | (byte(whole + 2) << 16))
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The index of the server that stores a key. */
export function serverOf(key: string, names: readonly string[]): number {
  if (names.length < 2) return 0
  let winner = 0
  let highest = -1
  for (const [i, name] of names.entries()) {
    const score = murmur3(`${name}-${key}`)
    if (score > highest || (score === highest && name > (names[winner] as string))) {
      winner = i
      highest = score
    }
  }
  return winner
}
