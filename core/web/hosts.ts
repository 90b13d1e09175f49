/** Host names: taken apart, compared, and held against a list of allowed ones. */

const HOST = /^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::([0-9]+))?$/

/** Domain (lower case, no final dot) and port of a Host header; both empty where it is not valid. */
export function splitDomainPort(host: string): { domain: string; port: string } {
  const match = HOST.exec(host.toLowerCase())
  if (match === null) return { domain: '', port: '' }
  const domain = match[1] as string
  return { domain: domain.endsWith('.') ? domain.slice(0, -1) : domain, port: match[2] ?? '' }
}

/** Whether a string is a port that a client can connect to: 1 to 65535, without leading zeros. */
export const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535

/** Whether a host is the pattern, or for a pattern with a leading dot that domain or one below it. */
export function isSameDomain(host: string, pattern: string): boolean {
  if (pattern === '') return false
  const wanted = pattern.toLowerCase()
  return wanted.startsWith('.') ? host.endsWith(wanted) || host === wanted.slice(1) : host === wanted
}

/** Whether a domain is among the allowed ones: exact names, `.domain` with its subdomains, `*` for all. */
export function isAllowedHost(domain: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) => pattern === '*' || isSameDomain(domain, pattern))
}
