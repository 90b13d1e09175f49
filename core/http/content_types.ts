/** Content types: of files by their names, as Python's `mimetypes` gives them to Django, and those a client accepts. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import path from 'node:path'
import accepts, { type Accepts } from 'accepts'
import { lookup } from 'mime-types'

const DEFAULT_TYPE = 'application/octet-stream'

/** Extensions for which Python's type, which Django sends, is not the registered one. */
const PYTHON_TYPES: Readonly<Record<string, string>> = {
  '.bat': 'text/plain',
  '.c': 'text/plain',
  '.dll': DEFAULT_TYPE,
  '.exe': DEFAULT_TYPE,
  '.h': 'text/plain',
  '.ksh': 'text/plain',
  '.obj': DEFAULT_TYPE,
  '.opus': 'audio/opus',
  '.pl': 'text/plain',
  '.py': 'text/x-python',
  '.srt': 'text/plain',
  '.wav': 'audio/x-wav',
  '.xml': 'text/xml',
}

const ENCODINGS: Readonly<Record<string, string>> = {
  '.br': 'br',
  '.bz2': 'bzip2',
  '.gz': 'gzip',
  '.xz': 'xz',
  '.Z': 'compress',
}

/** Extensions that stand for a type and an encoding. */
const COMBINED: Readonly<Record<string, string>> = {
  '.svgz': '.svg.gz',
  '.taz': '.tar.gz',
  '.tbz2': '.tar.bz2',
  '.tgz': '.tar.gz',
  '.txz': '.tar.xz',
  '.tz': '.tar.gz',
}

/** The types of files whose encoding is not to be undone by the client. */
const TYPES_OF_ENCODINGS: Readonly<Record<string, string>> = {
  br: 'application/x-brotli',
  bzip2: 'application/x-bzip',
  compress: 'application/x-compress',
  gzip: 'application/gzip',
  xz: 'application/x-xz',
}

const own = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

function typeOf(extension: string): string | undefined {
  const lower = extension.toLowerCase()
  return own(PYTHON_TYPES, lower) ?? (lookup(lower) || undefined)
}

export interface FileType {
  /** `application/octet-stream` if it is not known. */
  readonly contentType: string
  /** As in Content-Encoding: `gzip` for `.gz`; undefined for a file that is not compressed. */
  readonly encoding?: string | undefined
}

/** The type of a file's content and its encoding: `text/css` and `gzip` for `site.css.gz`. */
export function fileTypeOf(filename: string): FileType {
  const last = path.extname(filename)
  const combined = own(COMBINED, last.toLowerCase())
  const name = combined === undefined ? filename : filename.slice(0, -last.length) + combined
  const extension = path.extname(name)
  const encoding = own(ENCODINGS, extension)
  if (encoding === undefined) return { contentType: typeOf(extension) ?? DEFAULT_TYPE }
  return { contentType: typeOf(path.extname(name.slice(0, -extension.length))) ?? DEFAULT_TYPE, encoding }
}

/** The type of a file that is sent as it is: `application/gzip` for `site.css.gz`. */
export function contentTypeOf(filename: string): string {
  const { contentType, encoding } = fileTypeOf(filename)
  return (encoding === undefined ? undefined : own(TYPES_OF_ENCODINGS, encoding)) ?? contentType
}

const NAMES = ['accept', 'accept-charset', 'accept-encoding', 'accept-language'] as const

/** The most characters that are read of a header. The package takes quadratic time for quotes; browsers send about 200. */
const MAX_LENGTH = 4096

/** The entries of a header that end within the limit. */
const bounded = (header: string): string =>
  header.length <= MAX_LENGTH ? header : header.slice(0, Math.max(0, header.lastIndexOf(',', MAX_LENGTH)))

/** What a client accepts, in linear time: `acceptsOf(req.headers).encodings(['br', 'gzip'])`. */
export function acceptsOf(headers: IncomingHttpHeaders): Accepts {
  const read: Record<string, string> = {}
  for (const name of NAMES) {
    const header = headers[name]
    if (header !== undefined) read[name] = bounded(String(header))
  }
  return accepts({ headers: read } as unknown as IncomingMessage)
}
