/** One header of an answer as a text, whoever set it. */
import type { Response } from 'koa'

/** Its value, of several the list of them; empty where it is not there. */
export function headerOf({ res }: Response, name: string): string {
  const value = res.getHeader(name)
  return Array.isArray(value) ? value.join(', ') : String(value ?? '')
}
