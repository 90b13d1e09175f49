/** The address on which runserver listens: a port, or an address and a port. */
import { isIPv4, isIPv6 } from 'node:net'
import { CommandError } from '../base.ts'

export interface Address {
  /** The host to bind to. */
  readonly host: string
  readonly port: number
}

const ADDRESS_AND_PORT =
  /^(?:(?<host>\d{1,3}(?:\.\d{1,3}){3}|\[[a-fA-F0-9:.]+\]|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*):)?(?<port>\d+)$/

function hostOf(given: string | undefined, ipv6: boolean): string {
  if (given === undefined) return ipv6 ? '::1' : '127.0.0.1'
  const bare = given.replace(/^\[(.*)\]$/, '$1')
  const bracketed = bare !== given
  if ((bracketed || ipv6) && isIPv4(bare)) throw new CommandError(`"${bare}" is not a valid IPv6 address.`)
  if (bracketed && !isIPv6(bare)) throw new CommandError(`"${bare}" is not a valid IPv6 address.`)
  return bare === '0' ? '0.0.0.0' : bare
}

/**
 * Parses `8000`, `0.0.0.0:8000`, `localhost:8000` or `[::1]:8000`.
 * @param text undefined for the environment variable PORT, or 8000 if that is not set
 * @throws CommandError if it is invalid
 */
export function parseAddress(
  text: string | undefined,
  { ipv6 = false, env = process.env }: { ipv6?: boolean; env?: NodeJS.ProcessEnv } = {},
): Address {
  const given = text ?? (env.PORT || '8000')
  const { host, port } = ADDRESS_AND_PORT.exec(given)?.groups ?? {}
  if (port === undefined || Number(port) > 65_535) {
    const source = text === undefined ? ' PORT in the environment says so.' : ''
    throw new CommandError(`"${given}" is not a valid port number or address:port pair.${source}`)
  }
  return { host: hostOf(host, ipv6), port: Number(port) }
}

/** The URL of an address. */
export function urlOf({ host, port }: Address): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}/`
}
