/**
 * Which of several memcached servers keeps a key: each server draws a number for it, the highest wins. So when a server
 * is added or taken away, only its own share of the keys moves. Numbers are drawn as pymemcache draws them
 * (https://github.com/pinterest/pymemcache), so that Django's PyMemcacheCache looks for a key where we put it.
 */
import { ImproperlyConfigured } from '#core/exceptions'

export interface MemcachedServer {
  /** `host:port`, or the path of a socket. */
  readonly name: string
  readonly connect: { readonly host: string; readonly port: number } | { readonly path: string }
}

const DEFAULT_PORT = 11211

function server(text: string, alias: string): MemcachedServer {
  const path = text.replace(/^unix:(?:\/\/)?/, '')
  if (path.startsWith('/')) return { name: path, connect: { path } }
  const found = /^(?:\[([\w:.%]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.replace(/^memcached:\/\//, ''))
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3] ?? DEFAULT_PORT)
  if (host === undefined || port > 65_535) {
    throw new ImproperlyConfigured(
      `CACHES['${alias}'].LOCATION should be host:port, unix:/path/of/socket, or a list of these, found '${text}'.`,
    )
  }
  return { name: `${host}:${port}`, connect: { host, port } }
}

/** LOCATION as in Django: a list, or a text with commas or semicolons between the servers. */
export function memcachedServers(location: string | readonly string[], alias: string): MemcachedServer[] {
  const texts = typeof location === 'string' ? location.split(/[;,]/) : location
  return texts.map((text) => server(text.trim(), alias))
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
const mixed = (block: number): number => Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)

/** MurmurHash3, 32 bits, seed 0, of the low byte of each character. */
export function murmur3(text: string): number {
  // In Python, a character outside the first plane is one, not two.
  const bytes = Array.from(text, (character) => (character.codePointAt(0) as number) & 0xff)
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

/** The index of the server of a key. */
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
