/** Responses whose content is streamed: from an iterable, a stream, or a file. */
import { createReadStream, ReadStream, statSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { quoteUri } from '#core/web'
import { surviveErrorsOf } from '#core/utils'
import { contentTypeOf } from './content_types.ts'
import { type Content, encoded, HttpResponseBase, type ResponseOptions } from './response.ts'

export type StreamingContent = Iterable<Content> | AsyncIterable<Content> | Readable

/** A file's bytes. The file is opened on the first read, so that a response that is never sent does not leave it open. */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file) as AsyncIterable<Uint8Array>
}

function sizeOf(file: string): number {
  const found = statSync(file)
  if (!found.isFile()) throw new TypeError(`FileResponse: ${file} is not a file.`)
  return found.size
}

async function* asBytes(
  pieces: Iterable<Content> | AsyncIterable<Content>,
  charset: string,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield typeof piece === 'string' ? encoded(piece, charset) : piece
}

/**
 * A response that is sent while it is generated.
 *
 *     return new StreamingHttpResponse(rows(), { contentType: 'text/csv' })
 */
export class StreamingHttpResponse extends HttpResponseBase {
  readonly stream: Readable

  constructor(content: StreamingContent, options: ResponseOptions = {}) {
    super(options)
    this.stream =
      content instanceof Readable
        ? content
        : Readable.from(asBytes(content, this.charset), { objectMode: false, highWaterMark: 16_384 })
    // The stream may fail before it is read, or without ever being read.
    surviveErrorsOf(this.stream)
  }
}

/** The Content-Disposition of a file; undefined if it needs none. */
export function contentDisposition(asAttachment: boolean, filename: string): string | undefined {
  if (filename === '') return asAttachment ? 'attachment' : undefined
  const plain = /^[ -~]*$/.test(filename)
  const name = plain
    ? `filename="${filename.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    : `filename*=utf-8''${quoteUri(filename)}`
  return `${asAttachment ? 'attachment' : 'inline'}; ${name}`
}

export interface FileResponseOptions extends ResponseOptions {
  /** Makes the browser save the file instead of displaying it. */
  readonly asAttachment?: boolean
  /** The name for saving; by default that of the file. */
  readonly filename?: string
}

/** The path of a source that is a complete file; undefined for any other source. */
function wholeFile(source: string | Readable | Uint8Array): string | undefined {
  if (typeof source === 'string') return source
  if (!(source instanceof ReadStream) || typeof source.path !== 'string') return undefined
  const { start, end } = source as ReadStream & { start?: number; end?: number }
  return (start === undefined || start === 0) && (end === undefined || end === Number.POSITIVE_INFINITY)
    ? source.path
    : undefined
}

/**
 * A file with Content-Length, Content-Type and Content-Disposition. The source is a path, a stream, or bytes.
 *
 *     return new FileResponse('/srv/reports/2026.pdf', { asAttachment: true })
 *
 * @throws Error of the file system if the file does not exist
 */
export class FileResponse extends StreamingHttpResponse {
  constructor(source: string | Readable | Uint8Array, options: FileResponseOptions = {}) {
    const file = wholeFile(source)
    const size = source instanceof Uint8Array ? source.byteLength : file === undefined ? undefined : sizeOf(file)
    super(typeof source === 'string' ? bytesOf(source) : source instanceof Uint8Array ? [source] : source, options)
    const filename = path.basename(options.filename ?? file ?? '')
    if (size !== undefined) this.headers.setDefault('Content-Length', size)
    if (options.contentType === undefined) this.headers.set('Content-Type', contentTypeOf(filename))
    const disposition = contentDisposition(options.asAttachment ?? false, filename)
    if (disposition !== undefined) this.headers.setDefault('Content-Disposition', disposition)
  }
}
