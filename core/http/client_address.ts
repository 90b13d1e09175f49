/** The address of the client: that of the connection, or the one in the header of a trusted proxy. */
import { BlockList, isIP } from 'node:net'
import { settings } from '#core/conf'
import { header, headerOfMeta } from './host.ts'
import type { HttpRequest } from './request.ts'

/** Networks of proxies, load balancers and container hosts. */
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

/** Maximum length of an address in characters, with brackets, zone and port. */
const MAX_LENGTH = 100

const internal = new BlockList()
for (const [network, prefix] of INTERNAL) internal.addSubnet(network, prefix, familyOf(network))

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Whether an address is loopback, private or link-local. */
const isInternalAddress = (address: string): boolean => internal.check(address, familyOf(address))

/** An IP address without port, zone or brackets; IPv4-mapped IPv6 becomes IPv4. Undefined if it is not an address. */
function plainAddress(given: string): string | undefined {
  if (given.length > MAX_LENGTH) return undefined
  const [, inBrackets, withPort] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]{7,15}):\d{1,5}$/.exec(given) ?? []
  const address = ((inBrackets ?? withPort ?? given).split('%', 1)[0] as string).replace(/^::ffff:(?=[\d.]+$)/i, '')
  return isIP(address) === 0 ? undefined : address.toLowerCase()
}

export interface ClientAddress {
  /** IPv4 or IPv6; empty if there is none, as on a Unix socket. */
  readonly address: string
  /** Whether it may be the address of a proxy, shared by all clients: no header is trusted, and the address is internal. */
  readonly isShared: boolean
}

/** The client's address: the last entry of CLIENT_ADDRESS_HEADER, which the nearest proxy has added, or the socket's. */
export function clientAddressOf(request: HttpRequest): ClientAddress {
  const name = settings.CLIENT_ADDRESS_HEADER
  const entries = name === null ? '' : (header(request, headerOfMeta(name)) ?? '')
  const forwarded = plainAddress(entries.slice(entries.lastIndexOf(',') + 1).trim())
  if (forwarded !== undefined) return { address: forwarded, isShared: false }
  const address = plainAddress(request.req.socket.remoteAddress ?? '') ?? ''
  return { address, isShared: address === '' || isInternalAddress(address) }
}

/** The /64 of an IPv6 address, which is the network of one household or machine. An IPv4 address is returned unchanged. */
export function addressBlock(address: string): string {
  if (isIP(address) !== 6) return address
  const [head, tail] = address.split('::') as [string, string?]
  const before = head.split(':').filter((group) => group !== '')
  // An IPv4 address at the end stands for two groups, which are never among the first four.
  const after = (tail ?? '').split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - (address.includes('.') ? 1 : 0)
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
