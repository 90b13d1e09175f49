/** Set-Cookie lines and Cookie headers, as Django writes and reads them. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { type CookieOptions, HttpResponse, parseCookies } from '#core/http'
import { setClock } from '#core/utils'
import { loadVectors } from './load.ts'

interface Call {
  readonly call: 'set_cookie' | 'delete_cookie'
  readonly key: string
  readonly value?: string
  readonly max_age?: number | null
  readonly expires?: string | null
  readonly expires_datetime?: string
  readonly path?: string | null
  readonly domain?: string | null
  readonly secure?: boolean | null
  readonly httponly?: boolean | null
  readonly samesite?: string | null
}

interface Input {
  readonly op: 'set' | 'parse'
  readonly calls: readonly Call[]
  readonly now: number
  readonly header: string
}

interface Expected {
  readonly lines?: readonly string[]
  readonly cookies?: Readonly<Record<string, string>>
  readonly error?: string
  readonly message?: string | null
}

/** A date without a zone is meant as UTC. */
function asDate(text: string): Date {
  return new Date(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`)
}

function optionsOf({ call: _call, key: _key, value: _value, max_age, expires_datetime, ...same }: Call): CookieOptions {
  return {
    ...same,
    ...(max_age !== undefined && { maxAge: max_age }),
    ...(expires_datetime !== undefined && { expires: asDate(expires_datetime) }),
  }
}

function linesOf(calls: readonly Call[]): string[] {
  const response = new HttpResponse()
  for (const call of calls) {
    if (call.call === 'delete_cookie') response.deleteCookie(call.key, optionsOf(call))
    else response.setCookie(call.key, call.value, optionsOf(call))
  }
  return response.cookies.lines()
}

function failureOf(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('It did not fail.')
}

/** Where Nuages differs from Django, whose line makes the browser drop the new cookie. */
const OWN_LINES: Readonly<Record<string, readonly string[]>> = { 'set after delete': ['sid_dev=jolly; Path=/'] }

describe('vectors: set_cookie', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Expected>('set_cookie')) {
    it(name, () => {
      if (input.op === 'parse') {
        expect({ ...parseCookies(input.header) }).to.deep.equal(expected.cookies)
        return
      }
      setClock({ now: () => input.now * 1000 })
      if (expected.error === undefined) {
        expect(linesOf(input.calls)).to.deep.equal(OWN_LINES[name] ?? expected.lines)
        return
      }
      const failure = failureOf(() => linesOf(input.calls))
      expect(failure.name).to.equal('CookieError')
      if (expected.message) expect(failure.message).to.equal(expected.message)
    })
  }
})
