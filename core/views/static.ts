/** Serves the files of a directory. For development; use a web server in production. */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { Http404, SuspiciousOperation } from '#core/exceptions'
import {
  FileResponse,
  fileTypeOf,
  type HttpRequest,
  HttpResponse,
  type HttpResponseBase,
  HttpResponseNotModified,
} from '#core/http'
import { html } from '#core/template'
import { httpDate, parseHttpDate } from '#core/web'

export interface ServeStaticParams {
  /** Path of the file relative to the directory, decoded. */
  readonly path: string
  /** The directory. */
  readonly documentRoot: string
  /** Whether to list the contents of directories. */
  readonly showIndexes?: boolean
}

const isInside = (folder: string, file: string): boolean => {
  const below = path.relative(folder, file)
  return below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below)
}

/** Whether a file or a directory above it is hidden. `.well-known` is exempt: it holds public metadata (RFC 8615). */
const isHidden = (wanted: string): boolean =>
  wanted
    .replace(/^\/*\.well-known\//, '')
    .split(/[/\\]/)
    .some((name) => /^\.[^.]/.test(name))

/** @throws SuspiciousOperation for a path outside the directory, Http404 for one that is never served */
function fileBelow(root: string, wanted: string): string {
  if (/[\0\\]/.test(wanted)) throw new Http404('There is no such file.')
  const normalized = path.posix.normalize(wanted)
  // The path is always relative to the root, even with leading slashes.
  const file = path.join(path.resolve(root), normalized.replace(/^\/+/, ''))
  if (!isInside(path.resolve(root), file)) {
    throw new SuspiciousOperation('The path leads out of the folder of static files.')
  }
  if (isHidden(normalized)) throw new Http404('Hidden files are not served.')
  return file
}

interface Found {
  readonly real: string
  readonly stats: Stats
}

/** The file with all links resolved; undefined if it does not exist, or a link leads to a file that is not served. */
function find(root: string, file: string): Found | undefined {
  try {
    // `statSync` fails for a file name with a trailing slash, which `realpath` ignores.
    const stats = statSync(file)
    const real = realpathSync(file)
    const folder = realpathSync(root)
    return isInside(folder, real) && !isHidden(path.relative(folder, real)) ? { real, stats } : undefined
  } catch {
    // The file does not exist, a parent is not a directory, or the name is too long.
    return undefined
  }
}

function folderIndex(folder: string, wanted: string): HttpResponse {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => entry.name + (entry.isDirectory() ? '/' : ''))
    .toSorted()
  const up = /^\/*$/.test(wanted) ? [] : ['../']
  const links = [...up, ...entries].map(
    (name) => html`<li><a href="${encodeURIComponent(name).replaceAll('%2F', '/')}">${name}</a></li>\n`,
  )
  const title = `Index of ${wanted === '' ? '/' : wanted}`
  const page = html`<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>\n<body><h1>${title}</h1>\n<ul>\n${links}</ul></body></html>\n`
  return new HttpResponse(page.toString())
}

/** If-Modified-Since in seconds since the epoch; undefined if it is absent or invalid. */
function since(request: HttpRequest): number | undefined {
  const header = request.get('If-Modified-Since')
  return header === '' ? undefined : parseHttpDate(header)
}

/**
 * A view that serves a file. Unlike Django's, it serves no hidden files (`.env`, `.git/config`) except below
 * `.well-known/`, and follows no links to hidden files or out of the directory. The directory itself may be a link.
 *
 *     rePath(/^media\/(?<path>.*)$/, serveStatic, { kwargs: { documentRoot: settings.MEDIA_ROOT } })
 *
 * @throws Http404 if the file does not exist or is not served
 * @throws SuspiciousOperation for a path outside the directory
 */
export function serveStatic(
  request: HttpRequest,
  { path: wanted, documentRoot, showIndexes = false }: ServeStaticParams,
): HttpResponseBase {
  const file = fileBelow(documentRoot, wanted)
  const found = find(documentRoot, file)
  if (found?.stats.isDirectory()) {
    if (!showIndexes) throw new Http404('Directory indexes are not allowed here.')
    return folderIndex(found.real, wanted)
  }
  if (!found?.stats.isFile()) throw new Http404(`“${wanted}” does not exist`)
  const modified = Math.floor(found.stats.mtimeMs / 1000)
  const known = since(request)
  if (known !== undefined && modified <= known) return new HttpResponseNotModified()
  const filename = path.basename(file)
  const { contentType, encoding } = fileTypeOf(filename)
  return new FileResponse(found.real, {
    filename,
    contentType,
    headers: { 'Last-Modified': httpDate(modified), ...(encoding !== undefined && { 'Content-Encoding': encoding }) },
  })
}
