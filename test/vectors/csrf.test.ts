/** CSRF tokens, and whole requests with and without them: what Django creates and accepts. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { Client } from '#core/test'
import { captureLogs } from '#core/utils'
import { formatProblem, maskSecret, secretOf, tokenMatches, unmaskToken } from '../../core/middleware/csrf_tokens.ts'
import { SITE } from '../middleware/with_site.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: 'mask' | 'unmask' | 'match' | 'request'
  readonly secret: string
  readonly mask: string
  readonly token: string
  readonly cookie: string | null
  readonly method: 'GET'
  readonly secure: boolean
  readonly host: string
  readonly field: string | null
  readonly header: string | null
  readonly referer: string | null
  readonly exempt: boolean
  readonly settings: Settings
}

/** In the order of the middleware: the cookie's format first, then the token's. */
function match(token: string, cookie: string): object {
  if (token === '') return { ok: false, reason: 'missing' }
  const reason = formatProblem(cookie) ?? formatProblem(token)
  if (reason !== undefined) return { ok: false, reason }
  return tokenMatches(token, secretOf(cookie)) ? { ok: true } : { ok: false, reason: 'incorrect' }
}

async function request(input: Input): Promise<object> {
  const MIDDLEWARE = ['django.middleware.csrf.CsrfViewMiddleware']
  const settings = { ...SITE, MIDDLEWARE, ALLOWED_HOSTS: ['.example.com'], ...input.settings }
  const { cookie, field, header, referer, method, secure } = input
  const headers = {
    host: input.host,
    ...(cookie !== null && { cookie: `csrftoken=${cookie}` }),
    ...(header !== null && { 'x-csrftoken': header }),
    ...(referer !== null && { referer }),
  }
  const data = field === null ? {} : { data: { csrfmiddlewaretoken: field } }
  const release = captureLogs(() => {})
  try {
    const path = input.exempt ? '/exempt/' : '/with/'
    return await overrideSettings(settings, async () => {
      const { status } = await new Client(undefined, { enforceCsrfChecks: true }).request(method, path, {
        headers,
        secure,
        ...data,
      })
      return { status }
    })
  } finally {
    release()
  }
}

const operations: Record<Input['op'], (input: Input) => object | Promise<object>> = {
  mask: ({ secret, mask }) => ({ token: maskSecret(secret, mask) }),
  unmask: ({ token }) => ({ secret: unmaskToken(token) }),
  match: ({ token, cookie }) => match(token, cookie ?? ''),
  request,
}

describe('vectors: csrf', () => {
  before(() => setup())

  for (const { name, input, expected } of loadVectors<Input>('csrf')) {
    it(name, async () => {
      expect(await operations[input.op](input)).to.deep.equal(expected)
    })
  }
})
