/** The URL of a request: decoded for resolving, encoded for links. */
import { settings } from '#core/conf'
import { BadRequest } from '#core/exceptions'
import { escapeLeadingSlashes, escapeUriPath, iriToUri, splitUrl } from '#core/web'
import { targetOf } from './request_target.ts'
import { stateOf } from './request_state.ts'
import type { HttpRequest } from './request.ts'

/** FORCE_SCRIPT_NAME without a trailing slash. */
export function scriptNameOf(): string {
  const name = settings.FORCE_SCRIPT_NAME
  return name === null ? '' : name.endsWith('/') ? name.slice(0, -1) : name
}

function decode(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch (error) {
    throw new BadRequest('The path has a broken percent-escape.', { cause: error })
  }
}

/**
 * The path within the site, decoded, without the script name, which a proxy may have removed already.
 * @throws BadRequest for an invalid percent-escape
 */
export function pathInfoOf(request: HttpRequest): string {
  const state = stateOf(request)
  if (state.path !== undefined) return state.path
  const path = decode(targetOf(request).path)
  const script = scriptNameOf()
  const isBelow = script !== '' && path.startsWith(script) && (path[script.length] ?? '/') === '/'
  return (state.path = isBelow ? path.slice(script.length) || '/' : path)
}

/** The path, encoded for a URL. A path with an invalid percent-escape is unchanged, so that an error page can show it. */
function encodedPath(request: HttpRequest): string {
  try {
    return escapeUriPath(scriptNameOf() + pathInfoOf(request))
  } catch (error) {
    if (error instanceof BadRequest) return request.path
    throw error
  }
}

export function fullPathOf(request: HttpRequest, forceAppendSlash: boolean): string {
  const path = encodedPath(request)
  const slash = forceAppendSlash && !path.endsWith('/') ? '/' : ''
  const { querystring } = request
  return escapeLeadingSlashes(path) + slash + (querystring === '' ? '' : `?${iriToUri(querystring)}`)
}

/** Resolves `location` against the page at `origin` + `path`. @throws BadRequest if it is not a URL */
function absolute(location: string, origin: string, path: string): string {
  const parts = splitUrl(location)
  if (parts === undefined) throw new BadRequest('The location has a malformed host.')
  if (parts.scheme !== '' && parts.netloc !== '') return location
  const isPlain = location.startsWith('/') && parts.netloc === '' && !/(?:^|\/)\.\.?(?:\/|$)/.test(parts.path)
  // The frequent case, without parsing.
  if (isPlain) return origin + location
  if (!URL.canParse(location, origin + path)) throw new BadRequest('The location is not a URL.')
  return new URL(location, origin + path).href
}

/** @throws DisallowedHost, and BadRequest for a location that is not a URL */
export function absoluteUriOf(request: HttpRequest, location?: string): string {
  const origin = `${request.scheme}://${request.getHost()}`
  if (location === undefined) return origin + fullPathOf(request, false)
  return iriToUri(absolute(location, origin, encodedPath(request)))
}
