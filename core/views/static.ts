/** Serves the files of a folder. For development: a web server does it better. */
import { readdirSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { Http404, SuspiciousOperation } from '#core/exceptions'
import {
  FileResponse,
  type HttpRequest,
  HttpResponse,
  type HttpResponseBase,
  HttpResponseNotModified,
} from '#core/http'
import { html } from '#core/template'
import { httpDate, parseHttpDate } from '#core/utils'

export interface ServeStaticParams {
  /** Path of the file below the folder, as it stands in the URL, decoded. */
  readonly path: string
  /** The folder. */
  readonly documentRoot: string
  /** Whether a folder is answered with a list of what is in it. */
  readonly showIndexes?: boolean
}

/** @throws SuspiciousOperation for a path that leads out of the folder */
function fileBelow(root: string, wanted: string): string {
  if (wanted.includes('\0')) throw new Http404('There is no such file.')
  // What the URL calls a path is one from the root, whatever it begins with.
  const file = path.join(path.resolve(root), path.posix.normalize(wanted).replace(/^\/+/, ''))
  const below = path.relative(path.resolve(root), file)
  if (below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below)) {
    throw new SuspiciousOperation('The path leads out of the folder of static files.')
  }
  return file
}

function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch {
    // A file in the place of a folder, a name that is too long: there is nothing here.
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

/** Seconds since the epoch, or undefined for a header that is absent or none of a date. */
function since(request: HttpRequest): number | undefined {
  const header = request.get('If-Modified-Since')
  return header === '' ? undefined : parseHttpDate(header)
}

/**
 * A view that answers with a file.
 *
 *     rePath(/^media\/(?<path>.*)$/, serveStatic, { kwargs: { documentRoot: settings.MEDIA_ROOT } })
 *
 * @throws Http404 when there is no such file, SuspiciousOperation for a path that leads out of the folder
 */
export function serveStatic(
  request: HttpRequest,
  { path: wanted, documentRoot, showIndexes = false }: ServeStaticParams,
): HttpResponseBase {
  const file = fileBelow(documentRoot, wanted)
  const stats = statsOf(file)
  if (stats?.isDirectory()) {
    if (!showIndexes) throw new Http404('Directory indexes are not allowed here.')
    return folderIndex(file, wanted)
  }
  if (!stats?.isFile()) throw new Http404(`“${wanted}” does not exist`)
  const modified = Math.floor(stats.mtimeMs / 1000)
  const known = since(request)
  if (known !== undefined && modified <= known) return new HttpResponseNotModified()
  return new FileResponse(file, { headers: { 'Last-Modified': httpDate(modified) } })
}
