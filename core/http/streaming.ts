/** Answers whose content comes piece by piece: from an iterable, a stream, or a file. */
import { createReadStream, ReadStream, statSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { quoteUri } from '#core/web'
import { surviveErrorsOf } from '#core/utils'
import { contentTypeOf } from './content_types.ts'
import { type Content, encoded, HttpResponseBase, type ResponseOptions } from './response.ts'

export type StreamingContent = Iterable<Content> | AsyncIterable<Content> | Readable

/** A file's bytes. It is opened when someone begins to read, so that an answer that is never sent holds nothing open. */
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

/** An answer that is sent while it is made. */
export class StreamingHttpResponse extends HttpResponseBase {
  readonly stream: Readable

  constructor(content: StreamingContent, options: ResponseOptions = {}) {
    super(options)
    this.stream =
      content instanceof Readable
        ? content
        : Readable.from(asBytes(content, this.charset), { objectMode: false, highWaterMark: 16_384 })
    // It may fail before it is read, or although it is never read.
    surviveErrorsOf(this.stream)
  }
}

/** Content-Disposition for a file, or undefined where there is nothing to say. */
export function contentDisposition(asAttachment: boolean, filename: string): string | undefined {
  if (filename === '') return asAttachment ? 'attachment' : undefined
  const plain = /^[ -~]*$/.test(filename)
  const name = plain
    ? `filename="${filename.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    : `filename*=utf-8''${quoteUri(filename)}`
  return `${asAttachment ? 'attachment' : 'inline'}; ${name}`
}

export interface FileResponseOptions extends ResponseOptions {
  /** Offers the file for saving instead of showing it. */
  readonly asAttachment?: boolean
  /** The name to offer; the file's own when absent. */
  readonly filename?: string
}

/** The path of the whole file that a source is, where it is one. */
function wholeFile(source: string | Readable | Uint8Array): string | undefined {
  if (typeof source === 'string') return source
  if (!(source instanceof ReadStream) || typeof source.path !== 'string') return undefined
  const { start, end } = source as ReadStream & { start?: number; end?: number }
  return (start === undefined || start === 0) && (end === undefined || end === Number.POSITIVE_INFINITY)
    ? source.path
    : undefined
}

/**
 * A file, with the headers that tell its length, type and name.
 * Takes the file's path, an opened stream, or bytes.
 * @throws an error of the file system when there is no such file
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
