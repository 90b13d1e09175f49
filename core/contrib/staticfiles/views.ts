/** A view that serves static files from where the finders find them, for development. */
import path from 'node:path'
import { settings } from '#core/conf'
import { Http404, SuspiciousOperation } from '#core/exceptions'
import type { HttpRequest, HttpResponseBase } from '#core/http'
import { serveStatic } from '#core/views'
import { find, getFinders } from './configured.ts'
import { fileBelow } from './folders.ts'

export interface ServeParams {
  /** Name of the file, as it stands in the URL behind STATIC_URL, decoded. */
  readonly path: string
  /** Whether to serve even if DEBUG is off. */
  readonly insecure?: boolean
}

/** A file as a path below the folder in which it was found: no link and no hidden name may lie between the two. */
function placeOf(file: string): { path: string; documentRoot: string } {
  const locations = getFinders().flatMap((finder) => finder.locations)
  const documentRoot = locations.find((folder) => fileBelow(folder, file) !== undefined) ?? path.dirname(file)
  return { path: path.relative(documentRoot, file).replaceAll(path.sep, '/'), documentRoot }
}

/** @throws Http404 where there is no such file, SuspiciousOperation for a name that leads out of the folders */
export function serve(request: HttpRequest, { path: wanted, insecure = false }: ServeParams): HttpResponseBase {
  if (!settings.DEBUG && !insecure) throw new Http404('Static files are served under DEBUG alone.')
  const name = path.posix.normalize(wanted).replace(/^\/+/, '')
  if (name === '..' || name.startsWith('../')) {
    throw new SuspiciousOperation('The path leads out of the folders of static files.')
  }
  const isFolder = wanted === '' || wanted.endsWith('/')
  const file = isFolder ? undefined : find(name)
  if (file !== undefined) return serveStatic(request, placeOf(file))
  throw new Http404(isFolder ? 'Directory indexes are not allowed here.' : `'${wanted}' could not be found`)
}
