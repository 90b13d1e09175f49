/** Hosts, redirects, dates, Vary, Cache-Control and entity tags, as Django treats them. */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect } from 'chai'
import Koa from 'koa'
import { setup } from '#core/apps'
import { overrideSettings, type Settings } from '#core/conf'
import {
  addNeverCacheHeaders,
  extendKoa,
  type HttpRequest,
  HttpResponse,
  patchCacheControl,
  patchResponseHeaders,
  patchVaryHeaders,
} from '#core/http'
import {
  escapeLeadingSlashes,
  escapeUriPath,
  etagOf,
  httpDate,
  iriToUri,
  isAllowedHost,
  isSameDomain,
  parseEtags,
  parseHttpDate,
  quoteEtag,
  splitDomainPort,
  urlHasAllowedHostAndScheme,
} from '#core/web'
import { setClock } from '#core/utils'
import { loadVectors } from './load.ts'

interface Input {
  readonly op: string
  readonly host: string
  readonly allowed_hosts: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly transport_secure: boolean
  readonly settings: Settings
  readonly pattern: string
  readonly url: string
  readonly require_https: boolean
  readonly time: number
  readonly text: string
  readonly iri: string
  readonly path: string
  readonly vary: string | null
  readonly add: readonly string[]
  readonly value: string | null
  readonly set: Readonly<Record<string, boolean | number>>
  readonly now: number
  readonly timeout: number
  readonly body: string
  readonly etag: string
}

type Result = Readonly<Record<string, unknown>>

function requestOf({ meta, transport_secure }: Input): HttpRequest {
  const headers = Object.entries(meta)
    .filter(([name]) => name.startsWith('HTTP_'))
    .map(([name, value]) => [name.slice('HTTP_'.length).replaceAll('_', '-').toLowerCase(), value])
  const socket = Object.defineProperties(new Socket(), {
    localAddress: { value: meta.SERVER_NAME },
    localPort: { value: Number(meta.SERVER_PORT) },
    encrypted: { value: transport_secure },
  })
  const req = Object.assign(new IncomingMessage(socket), {
    method: 'GET',
    url: '/',
    headers: Object.fromEntries(headers) as Record<string, string>,
  })
  const app = new Koa()
  extendKoa(app)
  return app.createContext(req, new ServerResponse(req)).request
}

function hostFacts(request: HttpRequest): Result {
  try {
    return {
      host: request.getHost(),
      port: request.getPort(),
      scheme: request.scheme,
      secure: request.isSecure(),
    }
  } catch (error) {
    return { ok: false, error: (error as Error).name }
  }
}

/** The headers of a response after `patch`, without its Content-Type. */
function patched(
  patch: (response: HttpResponse) => void,
  before: Readonly<Record<string, string | null>> = {},
): Result {
  const response = new HttpResponse()
  for (const [name, value] of Object.entries(before)) if (value !== null) response.headers.set(name, value)
  patch(response)
  response.headers.delete('Content-Type')
  return Object.fromEntries(response.headers)
}

const OPERATIONS: Readonly<Record<string, (input: Input) => Result | Promise<Result>>> = {
  split_domain_port: ({ host }) => ({ ...splitDomainPort(host) }),
  host_allowed: ({ host, allowed_hosts }) => {
    const { domain } = splitDomainPort(host)
    return { allowed: domain !== '' && isAllowedHost(domain, allowed_hosts) }
  },
  request_host: (input) =>
    overrideSettings({ ALLOWED_HOSTS: ['*'], DEBUG: false, ...input.settings }, () => hostFacts(requestOf(input))),
  is_same_domain: ({ host, pattern }) => ({ same: isSameDomain(host, pattern) }),
  url_allowed: ({ url, allowed_hosts, require_https }) => ({
    allowed: urlHasAllowedHostAndScheme(url, allowed_hosts, { requireHttps: require_https }),
  }),
  http_date: ({ time }) => ({ text: httpDate(time) }),
  parse_http_date: ({ text }) => ({ time: parseHttpDate(text) ?? null }),
  escape_leading_slashes: ({ url }) => ({ url: escapeLeadingSlashes(url) }),
  iri_to_uri: ({ iri }) => ({ uri: iriToUri(iri) }),
  escape_uri_path: ({ path }) => ({ path: escapeUriPath(path) }),
  patch_vary: ({ vary, add }) => ({
    vary: patched((response) => patchVaryHeaders(response, add), { Vary: vary }).Vary,
  }),
  patch_cache_control: ({ value, set }) => {
    const headers = patched((response) => patchCacheControl(response, set), { 'Cache-Control': value })
    return { value: headers['Cache-Control'] }
  },
  never_cache: () => patched((response) => addNeverCacheHeaders(response)),
  patch_response_headers: ({ timeout }) => patched((response) => patchResponseHeaders(response, timeout)),
  etag: ({ body }) => ({ etag: etagOf(body) }),
  quote_etag: ({ etag }) => ({ etag: quoteEtag(etag) }),
  parse_etags: ({ text }) => ({ etags: parseEtags(text) }),
}

describe('vectors: http_helpers', () => {
  before(() => setup())
  afterEach(() => setClock())

  for (const { name, input, expected } of loadVectors<Input, Result>('http_helpers')) {
    it(name, async () => {
      if (input.now !== undefined) setClock({ now: () => input.now * 1000 })
      const operation = OPERATIONS[input.op]
      if (operation === undefined) throw new Error(`Unknown operation '${input.op}'.`)
      expect(await operation(input)).to.deep.equal(expected)
    })
  }
})
