/** The limit for sessions in cookies: JSON in base64, followed by an HMAC. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Listener } from '../server.ts'
import { HELLO } from '../workloads.ts'
import { cookieFor, keyIn } from './session_cookie.ts'

const SECRET = 'only-ever-used-on-127.0.0.1'

const signatureOf = (value: string): string => createHmac('sha256', SECRET).update(value).digest('base64url')

function countIn(cookie: string): number {
  const [value = '', signature = ''] = cookie.split('.')
  const [given, expected] = [Buffer.from(signature), Buffer.from(signatureOf(value))]
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 0
  return (JSON.parse(Buffer.from(value, 'base64url').toString()) as { count: number }).count
}

function cookieOf(count: number): string {
  const value = Buffer.from(JSON.stringify({ count })).toString('base64url')
  return `${value}.${signatureOf(value)}`
}

export default (): Listener => (request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  if (request.url === '/hello') return response.end(HELLO)
  const cookie = keyIn(request.headers.cookie)
  let count = cookie === undefined ? 0 : countIn(cookie)
  if (request.url === '/counter') response.setHeader('Set-Cookie', cookieFor(cookieOf(++count)))
  return response.end(String(count))
}
