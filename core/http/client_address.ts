/** The address of the client: that of the connection, or the one that a trusted proxy names. */
import { BlockList, isIP } from 'node:net'
import { settings } from '#core/conf'
import { header, headerOfMeta } from './host.ts'
import type { HttpRequest } from './request.ts'

/** Networks in which a proxy, a load balancer or a container host is found. */
const INTERNAL: readonly (readonly [network: string, prefix: number])[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
]

/** Characters of the longest address that is read: room for brackets, zone and port. */
const MAX_LENGTH = 100

const internal = new BlockList()
for (const [network, prefix] of INTERNAL) internal.addSubnet(network, prefix, familyOf(network))

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Whether an address is a loopback, private or link-local one. */
const isInternalAddress = (address: string): boolean => internal.check(address, familyOf(address))

/** An IP address without port, zone or brackets, and an IPv4 address in IPv6 as IPv4; undefined for anything else. */
function plainAddress(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [, inBrackets, withPort] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]{7,15}):\d{1,5}$/.exec(text) ?? []
  const address = ((inBrackets ?? withPort ?? text).split('%', 1)[0] as string).replace(/^::ffff:(?=[\d.]+$)/i, '')
  return isIP(address) === 0 ? undefined : address.toLowerCase()
}

export interface ClientAddress {
  /** IPv4 or IPv6; empty if there is none, as on a Unix socket. */
  readonly address: string
  /** Whether it may be that of a proxy, and thus of all clients: no header is trusted, and the address is internal. */
  readonly isShared: boolean
}

/** The client's address. The last entry of CLIENT_ADDRESS_HEADER counts: the nearest proxy has added it. */
export function clientAddressOf(request: HttpRequest): ClientAddress {
  const name = settings.CLIENT_ADDRESS_HEADER
  const entries = name === null ? '' : (header(request, headerOfMeta(name)) ?? '')
  const forwarded = plainAddress(entries.slice(entries.lastIndexOf(',') + 1).trim())
  if (forwarded !== undefined) return { address: forwarded, isShared: false }
  const address = plainAddress(request.req.socket.remoteAddress ?? '') ?? ''
  return { address, isShared: address === '' || isInternalAddress(address) }
}

/** The first four groups of an IPv6 address, its /64: the network of one household or machine. IPv4 stays as it is. */
export function addressBlock(address: string): string {
  if (isIP(address) !== 6) return address
  const [head, tail] = address.split('::') as [string, string?]
  const before = head.split(':').filter((group) => group !== '')
  // An IPv4 address at the end counts as two groups, which are never among the first four.
  const after = (tail ?? '').split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - (address.includes('.') ? 1 : 0)
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
