/** Defines Django's attributes on the prototypes of a Koa application's request and response. */
import { isUtf8 } from 'node:buffer'
import type Koa from 'koa'
import { BadRequest, UnsupportedMediaType } from '#core/exceptions'
import { limitTemplateAccess } from '#core/template'
import { isDeeperThan, isValueDeeperThan, MOST_CLIENT_LEVELS } from '#core/serialization'
import { charsetIn, hasBody, isForm, isJson, parseFields, readBody } from './body.ts'
import { overrideKoa } from './koa_overrides.ts'
import { hostOf, isSecure, portOf } from './host.ts'
import { absoluteUriOf, fullPathOf, pathInfoOf, scriptNameOf } from './location.ts'
import type { HttpRequest, ResolverMatch, SignedCookieOptions } from './request.ts'
import { cookiesOf, type ReadBody, signedCookieOf, stateOf } from './request_state.ts'
import { parsedBodyOf } from './other_parsers.ts'
import { responseAttributes } from './koa_response.ts'
import { FileMap } from './uploaded_file.ts'

/** The form that was read; undefined if the body is not a form, in which case POST and FILES are empty. */
function formOf(request: HttpRequest, attribute: string): ReadBody | undefined {
  const { body } = stateOf(request)
  if (body !== undefined || !hasBody(request.req) || !isForm(request)) return body
  throw new Error(
    `request.${attribute} is not available yet, because the body has not been read. Forms are read before the view runs;` +
      ' a middleware calls `await request.read()` first.',
  )
}

/** Recursive code that visits a value with deeper nesting could exhaust the stack. */
const tooDeep = (): BadRequest => new BadRequest(`The body is nested more than ${MOST_CLIENT_LEVELS} levels deep.`)

const shallow = new WeakSet<object>()

/** The body as parsed by a parser from npm; undefined if none ran. @throws BadRequest if it is nested too deeply */
function shallowBodyOf(request: HttpRequest): unknown {
  const value = parsedBodyOf(request)
  if (typeof value !== 'object' || value === null || shallow.has(value)) return value
  if (isValueDeeperThan(MOST_CLIENT_LEVELS, value)) throw tooDeep()
  shallow.add(value)
  return value
}

/** The value that a parser from npm assigned, or the bytes. Undefined if there is neither, as parsers expect. */
function bodyOf(request: HttpRequest): unknown {
  const { parsed, body, viewHasBegun } = stateOf(request)
  const found = parsed !== undefined || body?.isParsedElsewhere ? shallowBodyOf(request) : undefined
  if (parsed !== undefined || found !== undefined) return found
  if (body?.bytes !== undefined) return body.bytes
  if (body === undefined && !hasBody(request.req)) return viewHasBegun ? Buffer.alloc(0) : undefined
  return viewHasBegun ? refuseBody(request, 'body') : undefined
}

/**
 * Throws, because the view expects another type of body than the client sent, which is the client's error.
 * @throws UnsupportedMediaType
 */
function refuseBody(request: HttpRequest, attribute: string): never {
  const type = request.get('Content-Type') || 'unknown'
  const isGone = stateOf(request).body !== undefined
  const why = isGone
    ? 'was read into request.POST and request.FILES, or by a middleware'
    : 'is not read before the view runs, as forms and JSON are. A view that takes it calls `await request.read()` first'
  throw new UnsupportedMediaType(`request.${attribute}: a body of the type ${JSON.stringify(type)} ${why}.`)
}

/** @throws UnsupportedMediaType for another type of body, BadRequest for one that is not JSON */
function jsonOf(request: HttpRequest): unknown {
  if (hasBody(request.req) && !isJson(request)) refuseBody(request, 'json()')
  const { body } = stateOf(request)
  if (body === undefined || body.isParsedElsewhere) {
    const parsed = shallowBodyOf(request)
    if (parsed !== undefined && !Buffer.isBuffer(parsed)) return parsed
  }
  const charset = charsetIn(request.get('Content-Type'))
  if (charset !== undefined && charset !== 'utf-8') throw new UnsupportedMediaType('JSON must be UTF-8.')
  const bytes = body?.bytes ?? bodyOf(request)
  if (bytes === undefined && hasBody(request.req)) {
    throw new Error('request.json() has nothing to read yet: a middleware calls `await request.read()` first.')
  }
  return parseJson((bytes ?? Buffer.alloc(0)) as Buffer)
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new BadRequest('The body is not JSON: it is not UTF-8.')
  // As in Python, a byte order mark is ignored.
  const json = bytes.toString().replace(/^\uFEFF/, '')
  if (isDeeperThan(MOST_CLIENT_LEVELS, json)) throw tooDeep()
  try {
    return JSON.parse(json) as unknown
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
    return bodyOf(this) as Buffer
  },
  // For body parsers from npm, which assign their result.
  set body(value: unknown) {
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

/** Called immediately before the view. From then on, access to a body that has not been read is an error. */
export function beginView(request: HttpRequest): void {
  stateOf(request).viewHasBegun = true
}

/** Whether the view of a request has been called. */
export const viewHasBegun = (request: HttpRequest): boolean => stateOf(request).viewHasBegun === true

// The attributes of a request that templates may access: Django's, and those of Koa that describe the request.
const REQUEST_IN_TEMPLATES = [
  'GET',
  'POST',
  'FILES',
  'COOKIES',
  'body',
  'resolverMatch',
  'scriptName',
  'pathInfo',
  'scheme',
  'getHost',
  'getPort',
  'isSecure',
  'getFullPath',
  'buildAbsoluteUri',
  'method',
  'path',
  'url',
  'href',
  'origin',
  'protocol',
  'secure',
  'host',
  'hostname',
  'ip',
  'ips',
  'subdomains',
  'query',
  'querystring',
  'search',
  'header',
  'headers',
  'type',
  'charset',
  'length',
  'fresh',
  'stale',
]
const RESPONSE_IN_TEMPLATES = ['status', 'message', 'type', 'length', 'header', 'headers']
/** Own properties of Koa's objects with access to the application, the server and the connection. */
const KOA_OBJECTS = ['app', 'ctx', 'req', 'res', 'request', 'response', 'cookies', 'respond']

/** Koa's own attributes are on the prototype of the application's object. */
function limitKoaAccess(object: object, members: readonly string[], hidden: readonly string[]): void {
  for (const prototype of [object, Object.getPrototypeOf(object) as object]) {
    limitTemplateAccess(prototype, { members, hidden })
  }
}

/**
 * Adds attributes to all requests of an application, on their prototype, unless they are defined already. To define them
 * on each request would cost more than the rest of the middleware chain.
 * @param name one of the attributes, whose presence shows that they are defined
 * @param inTemplates the attributes that templates may access; all of them by default
 */
export function extendRequest<Name extends string>(
  request: HttpRequest,
  name: Name,
  attributes: ThisType<HttpRequest> & Record<Name, unknown>,
  inTemplates: readonly string[] = Object.keys(attributes),
): void {
  if (name in request) return
  const prototype = Object.getPrototypeOf(request) as object
  Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(attributes))
  limitTemplateAccess(prototype, { members: inTemplates })
}

/** Called once for an application, before it handles requests. */
export function extendKoa(app: Koa): void {
  overrideKoa(app)
  Object.defineProperties(app.request, Object.getOwnPropertyDescriptors(requestAttributes))
  Object.defineProperties(app.response, Object.getOwnPropertyDescriptors(responseAttributes))
  limitKoaAccess(app.request, REQUEST_IN_TEMPLATES, KOA_OBJECTS)
  limitKoaAccess(app.response, RESPONSE_IN_TEMPLATES, KOA_OBJECTS)
  limitKoaAccess(app.context, [], KOA_OBJECTS)
}
