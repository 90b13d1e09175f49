/** Cookie headers, quoted values and Set-Cookie lines. */
import * as fc from 'fast-check'
import { type Cookie, CookieError, parseCookies, quoteCookie, unquoteCookie } from '#core/web'
import { CookieJar } from '../../../../core/http/cookie_jar.ts'
import { allowing, type AnyDomain, domain, ensure } from '../domain.ts'
import { hostile } from '../strings.ts'

const WORDS = [
  'a=b',
  '; ',
  ';',
  '=',
  'sessionid=',
  'csrftoken=',
  '"',
  '\\"',
  '\\073',
  '\\377',
  '\\',
  '__proto__=x',
  '$Path',
]

function parse(header: string): void {
  const cookies = parseCookies(header)
  ensure(Object.getPrototypeOf(cookies) === null, 'the cookies have a prototype')
  for (const [name, value] of Object.entries(cookies)) {
    ensure(typeof value === 'string', 'a value is not a string')
    ensure(!name.includes(';') && !name.includes('='), 'a name holds a separator')
  }
  ensure(({} as Record<string, unknown>).x === undefined, 'Object.prototype was changed')
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x1f\x7f]/

/** A browser must store exactly the cookie that was set. */
function readBack(cookie: Cookie): void {
  const line = String(cookie)
  ensure(!CONTROL.test(line), 'the line holds a control character')
  const pair = line.split(';', 1)[0] as string
  ensure(parseCookies(pair)[cookie.key] === cookie.value, 'the value is read as another')
}

interface SetCookie {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly domain: string
  readonly samesite: string
  readonly maxAge: number
}

const name = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'sessionid', '__Host-x', 'path', '__proto__', 'x|y'), weight: 2 },
  { arbitrary: hostile({ longest: 2000 }), weight: 1 },
)

export const cookieDomains: readonly AnyDomain[] = [
  domain({
    name: 'cookies',
    kind: 'in process',
    inputs: { short: 3000, long: 1_200_000 },
    arbitrary: hostile({ words: WORDS }),
    check: parse,
  }),
  domain({
    name: 'cookie-quoting',
    kind: 'in process',
    inputs: { short: 2000, long: 800_000 },
    arbitrary: hostile({ words: WORDS }),
    check(text) {
      const value = latin1(text)
      ensure(unquoteCookie(quoteCookie(value)) === value, 'the value is not the same after quoting and unquoting')
      unquoteCookie(text)
    },
  }),
  domain<SetCookie>({
    name: 'set-cookie',
    kind: 'in process',
    inputs: { short: 1000, long: 400_000 },
    arbitrary: fc.record({
      name,
      value: hostile({ words: WORDS }),
      path: fc.oneof(fc.constant('/'), hostile({ longest: 2000 })),
      domain: fc.oneof(fc.constant(''), hostile({ longest: 2000 })),
      samesite: fc.constantFrom('Lax', 'none', '', 'x', 'strict\r\nX: 1'),
      maxAge: fc.oneof(fc.integer(), fc.double()),
    }),
    check({ name, value, path, domain: host, samesite, maxAge }) {
      const jar = new CookieJar()
      const options = { path, domain: host, samesite, maxAge }
      const cookie = allowing([CookieError], () => jar.set(name, latin1(value), options))
      if (cookie !== undefined) readBack(cookie)
    },
  }),
]
