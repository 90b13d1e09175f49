/** Gives a Koa application's request and response Django's attributes, once, on their prototypes. */
import type Koa from 'koa'
import { BadRequest } from '#core/exceptions'
import { isDeeperThan, isValueDeeperThan, MOST_CLIENT_LEVELS } from '#core/utils'
import { hasBody, parseFields, readBody } from './body.ts'
import { hostOf, isSecure, portOf } from './host.ts'
import { absoluteUriOf, fullPathOf, pathInfoOf, scriptNameOf } from './location.ts'
import type { SignedCookieOptions } from './request.ts'
import { cookiesOf, signedCookieOf } from './request_cookies.ts'
import { responseAttributes } from './response_cookies.ts'
import { type ReadBody, stateOf } from './state.ts'
import { FileMap } from './uploaded_file.ts'
import type { HttpRequest, ResolverMatch } from './view.ts'

/** What was read of the body; undefined where there is none to read. */
function bodyOf(request: HttpRequest, attribute: string): ReadBody | undefined {
  const { body } = stateOf(request)
  if (body !== undefined || !hasBody(request.req)) return body
  throw new Error(
    `request.${attribute} is not there yet, because the body has not been read. Form and JSON bodies are read before` +
      ' the view runs; a middleware, or a view of another type of body, calls `await request.read()` first.',
  )
}

/** A form can only come with POST, so that for other requests there is nothing to wait for. */
const formOf = (request: HttpRequest, attribute: string): ReadBody | undefined =>
  request.method === 'POST' ? bodyOf(request, attribute) : undefined

function bytesOf(request: HttpRequest): Buffer {
  const { parsed } = stateOf(request)
  if (parsed !== undefined) return parsed.value as Buffer
  const body = bodyOf(request, 'body')
  if (body === undefined) return Buffer.alloc(0)
  if (body.bytes !== undefined) return body.bytes
  throw new Error('request.body is gone: it was read into request.POST and request.FILES, or by another middleware.')
}

/** What is nested more deeply would be too much for the stack of code that goes through it. */
const tooDeep = (): BadRequest => new BadRequest(`The body is nested more than ${MOST_CLIENT_LEVELS} levels deep.`)

function jsonOf(request: HttpRequest): unknown {
  const body: unknown = bytesOf(request)
  if (!Buffer.isBuffer(body)) return body
  const text = body.toString()
  if (isDeeperThan(MOST_CLIENT_LEVELS, text)) throw tooDeep()
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new BadRequest('The body is not JSON.', { cause: error })
  }
}

const requestAttributes: ThisType<HttpRequest> & object = {
  get GET(): URLSearchParams {
    return (stateOf(this).get ??= parseFields(this.querystring))
  },
  get POST(): URLSearchParams {
    return formOf(this, 'POST')?.post ?? new URLSearchParams()
  },
  get FILES(): FileMap {
    return formOf(this, 'FILES')?.files ?? new FileMap()
  },
  get COOKIES(): Readonly<Record<string, string>> {
    return cookiesOf(this)
  },
  get body(): Buffer {
    return bytesOf(this)
  },
  // A body parser from npm assigns what it has parsed.
  set body(value: unknown) {
    if (isValueDeeperThan(MOST_CLIENT_LEVELS, value)) throw tooDeep()
    stateOf(this).parsed = { value }
  },
  get resolverMatch(): ResolverMatch | undefined {
    return stateOf(this).match
  },
  set resolverMatch(match: ResolverMatch | undefined) {
    stateOf(this).match = match
  },
  get scriptName(): string {
    return scriptNameOf()
  },
  get pathInfo(): string {
    return pathInfoOf(this)
  },
  get scheme(): string {
    return isSecure(this) ? 'https' : 'http'
  },
  getHost(): string {
    return hostOf(this)
  },
  getPort(): string {
    return portOf(this)
  },
  isSecure(): boolean {
    return isSecure(this)
  },
  getFullPath({ forceAppendSlash = false }: { forceAppendSlash?: boolean } = {}): string {
    return fullPathOf(this, forceAppendSlash)
  },
  buildAbsoluteUri(location?: string): string {
    return absoluteUriOf(this, location)
  },
  getSignedCookie(name: string, options: SignedCookieOptions = {}): string {
    return signedCookieOf(this, name, options)
  },
  read(): Promise<void> {
    return readBody(this)
  },
  json(): unknown {
    return jsonOf(this)
  },
}

/**
 * Gives all requests of an application further attributes, when the first of them needs it. They stand on the
 * prototype: defined on each request, they would cost every one of them more than the whole chain.
 * @param name one of the attributes, by which is seen whether they are there
 */
export function extendRequest<Name extends string>(
  request: HttpRequest,
  name: Name,
  attributes: ThisType<HttpRequest> & Record<Name, unknown>,
): void {
  if (name in request) return
  Object.defineProperties(Object.getPrototypeOf(request) as object, Object.getOwnPropertyDescriptors(attributes))
}

/** To be called once for an application, before it answers requests. */
export function extendKoa(app: Koa): void {
  Object.defineProperties(app.request, Object.getOwnPropertyDescriptors(requestAttributes))
  Object.defineProperties(app.response, Object.getOwnPropertyDescriptors(responseAttributes))
}
