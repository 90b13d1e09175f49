/** Headers of the security, clickjacking, common and conditional-GET middleware: those that Django sends. */
import { expect } from 'chai'
import type { Middleware } from 'koa'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import { applyResponse, HttpResponse } from '#core/http'
import { Client, type ClientResponse } from '#core/test'
import { captureLogs } from '#core/utils'
import { SITE } from '../middleware/with_site.ts'
import { loadVectors } from './load.ts'

interface Input {
  readonly middleware: string
  readonly method: 'GET'
  readonly path: string
  readonly query: string
  readonly host: string
  readonly secure: boolean
  readonly request_headers: Record<string, string>
  readonly view_status: number
  readonly view_headers: Record<string, string>
  readonly view_body: string
  readonly settings: Settings
}

interface Expected {
  readonly status: number
  readonly headers: Record<string, string>
  readonly error?: string
  readonly message?: string
}

const MODULES: Readonly<Record<string, string>> = {
  SecurityMiddleware: 'security',
  XFrameOptionsMiddleware: 'clickjacking',
  CommonMiddleware: 'common',
  ConditionalGetMiddleware: 'http',
}

/** Responds instead of the views, at any URL. */
const respondWith =
  (input: Input): Middleware =>
  async ({ response }) => {
    const { view_status: status, view_headers: headers } = input
    applyResponse(new HttpResponse(input.view_body, { status, headers }), response)
  }

async function send(input: Input): Promise<{ response: ClientResponse; errors: unknown[] }> {
  const MIDDLEWARE = [`django.middleware.${MODULES[input.middleware]}.${input.middleware}`, respondWith(input)]
  const errors: unknown[] = []
  const release = captureLogs(({ error }) => errors.push(error))
  // The vector for exempt paths lost its pattern in the conversion to JSON.
  const settings = { ...SITE, ALLOWED_HOSTS: ['.example.com'], ...input.settings, MIDDLEWARE }
  try {
    return await overrideSettings(settings, async () => {
      const headers = { host: input.host, ...input.request_headers }
      const path = input.query === '' ? input.path : `${input.path}?${input.query}`
      return { response: await new Client().request(input.method, path, { headers, secure: input.secure }), errors }
    })
  } finally {
    release()
  }
}

/** Koa always sends the length if it is known; Django leaves that to CommonMiddleware. */
const OF_THE_SERVER = new Set([
  'content-type',
  'content-length',
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
])

function headersOf(response: ClientResponse, expected: Expected): Record<string, unknown> {
  const wanted = Object.keys(expected.headers).map((name) => name.toLowerCase())
  const seen = Object.entries(response.headers).filter(([name]) => wanted.includes(name) || !OF_THE_SERVER.has(name))
  return Object.fromEntries(seen)
}

const lowerCase = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

describe('vectors: security_headers', () => {
  before(() => setup())

  for (const { name, input, expected } of loadVectors<Input, Expected>('security_headers')) {
    it(name, async () => {
      const exempt = name === 'ssl redirect exempt' ? { SECURE_REDIRECT_EXEMPT: ['^with/$'] } : {}
      const { response, errors } = await send({ ...input, settings: { ...exempt, ...input.settings } })
      if (expected.error !== undefined) {
        const [error] = errors as Error[]
        expect([error?.name, error?.message]).to.deep.equal([expected.error, expected.message])
        return
      }
      expect(response.status).to.equal(expected.status)
      expect(headersOf(response, expected)).to.deep.equal(lowerCase(expected.headers))
    })
  }
})
