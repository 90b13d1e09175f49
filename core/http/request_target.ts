/** Parses the request target, which follows the method in a request line, by code that cannot throw. */
import { BadRequest, Http404 } from '#core/exceptions'
import { isPort, splitDomainPort } from '#core/web'
import { type RequestTarget, stateOf } from './request_state.ts'
import type { HttpRequest } from './request.ts'

const SPACE = 0x20
const HASH = 0x23
const QUESTION_MARK = 0x3f
const SLASH = 0x2f
const DELETE = 0x7f

// oxlint-disable-next-line no-control-regex
const CONTROL_OR_SPACE = /[\0- \x7f]/
// oxlint-disable-next-line no-control-regex
const BEYOND_ASCII = /[^\0-\x7f]+/g

const HTTP = /^https?:\/\//i

/** Path and query of a target, up to its fragment. */
function split(target: string): { path: string; query: string } {
  const hash = target.indexOf('#')
  const whole = hash < 0 ? target : target.slice(0, hash)
  const mark = whole.indexOf('?')
  return mark < 0 ? { path: whole, query: '' } : { path: whole.slice(0, mark), query: whole.slice(mark + 1) }
}

/** Why host and port of a target in absolute form are invalid; undefined if they are valid. */
function problemWithAuthority(authority: string): string | undefined {
  if (authority.includes('@')) return 'it has a user name'
  const { domain, port } = splitDomainPort(authority)
  return domain === '' || (port !== '' && !isPort(port)) ? 'its host is malformed' : undefined
}

function problemWith(raw: string): string | undefined {
  if (raw === '') return 'it is empty'
  if (CONTROL_OR_SPACE.test(raw)) return 'it has a space or a control character'
  return raw.includes('#') ? 'it has a fragment' : undefined
}

function parseUnusual(raw: string): RequestTarget {
  const problem = problemWith(raw)
  const scheme = HTTP.exec(raw)?.[0]
  if (scheme === undefined || problem !== undefined) {
    const isKnown = raw.startsWith('/') || raw === '*'
    const form = isKnown ? undefined : 'it is neither a path nor an http address'
    return { raw, ...split(raw), authority: undefined, problem: problem ?? form, isPlain: false }
  }
  const rest = raw.slice(scheme.length)
  const end = rest.search(/[/?]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const wrong = problemWithAuthority(authority)
  if (wrong !== undefined) return { raw, ...split(raw), authority: undefined, problem: wrong, isPlain: false }
  const { path, query } = split(end < 0 ? '' : rest.slice(end))
  return { raw, path: path || '/', query, authority, problem: undefined, isPlain: false }
}

function parse(raw: string): RequestTarget {
  if (raw.charCodeAt(0) !== SLASH) return parseUnusual(raw)
  let mark = -1
  for (let at = 1; at < raw.length; at++) {
    const code = raw.charCodeAt(at)
    if (code === QUESTION_MARK) {
      if (mark < 0) mark = at
    } else if (code <= SPACE || code === HASH || code >= DELETE) return parseUnusual(raw)
  }
  const path = mark < 0 ? raw : raw.slice(0, mark)
  return {
    raw,
    path,
    query: mark < 0 ? '' : raw.slice(mark + 1),
    authority: undefined,
    problem: undefined,
    isPlain: true,
  }
}

/** The parsed target of a request. It is parsed again after a middleware has changed it. */
export function targetOf(request: HttpRequest): RequestTarget {
  const state = stateOf(request)
  const raw = request.req.url
  const known = state.target
  if (known !== undefined && known.raw === raw) return known
  return (state.target = parse(typeof raw === 'string' ? raw : ''))
}

const joined = (path: string, query: string): string => (query === '' ? path : `${path}?${query}`)

/** As in Koa, a middleware may assign null for an empty path or query. */
const stringOrEmpty = (given: unknown): string => (typeof given === 'string' ? given : '')

/** Replaces the path of a request and keeps its query: `ctx.path = …`. */
export function setPath(request: HttpRequest, given: unknown): void {
  const target = targetOf(request)
  const path = stringOrEmpty(given)
  if (path !== target.path) request.url = joined(path.replace(/[?#]/g, encodeURIComponent), target.query)
}

/** Replaces the query of a request; a leading question mark is optional: `ctx.querystring = …`, `ctx.search = …`. */
export function setQuery(request: HttpRequest, given: unknown): void {
  const target = targetOf(request)
  const search = stringOrEmpty(given)
  const query = (search.startsWith('?') ? search.slice(1) : search).replaceAll('#', '%23')
  if (query !== target.query) request.url = joined(target.path, query)
}

/** Percent-escapes bytes beyond ASCII, which Node decodes as Latin-1. */
const withEscapes = (target: string): string =>
  target.replace(BEYOND_ASCII, (characters) => {
    // oxlint-disable-next-line no-control-regex
    const bytes = Buffer.from(characters, /[^\0-\xff]/.test(characters) ? 'utf8' : 'latin1')
    return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase()}`).join('')
  })

/**
 * Refuses a request with a malformed target. The host of a target in absolute form replaces the Host header (RFC 9112,
 * 3.2.2), and its path and query replace the target, so that middleware always sees a path.
 * @throws BadRequest, and Http404 for `OPTIONS *`, which has no path
 */
export function acceptTarget(request: HttpRequest): void {
  const target = targetOf(request)
  if (target.isPlain) return
  const problem = target.raw === '*' && request.method !== 'OPTIONS' ? 'only OPTIONS may have *' : target.problem
  if (problem !== undefined) throw new BadRequest(`The request target is invalid: ${problem}`)
  if (target.raw === '*') throw new Http404('There is nothing at *.')
  if (target.authority !== undefined) request.req.headers.host = target.authority
  request.url = withEscapes(joined(target.path, target.query))
}
