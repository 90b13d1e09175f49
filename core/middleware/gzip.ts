/** GZipMiddleware: compresses responses for clients that accept it, with a random length against BREACH. */
import { randomInt } from 'node:crypto'
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream'
import { promisify } from 'node:util'
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib'
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { acceptsOf, patchVaryHeaders } from '#core/http'
import { contentOf, headerOf, replaceContent } from './response_body.ts'

// Compression with random padding, so that the length reveals nothing about a secret in the content (BREACH).

interface Compression {
  /** The value of Content-Encoding. */
  readonly name: 'gzip' | 'br'
  bytes(content: Buffer): Promise<Buffer>
  /** Compresses a stream and flushes each chunk. */
  stream(content: Readable): Readable
}

/** Exclusive upper limit of the padding in bytes. */
const PADDING_LIMIT = 100

const padding = (): Buffer => Buffer.alloc(randomInt(PADDING_LIMIT), 'a')

/** Transforms the first chunk of a stream or appends a last one. */
class Ends extends Transform {
  readonly #first: (piece: Buffer) => Buffer
  readonly #last: () => Buffer
  #begun = false

  constructor({ first = (piece: Buffer) => piece, last = (): Buffer => Buffer.alloc(0) }) {
    super()
    this.#first = first
    this.#last = last
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, this.#begun ? piece : this.#first(piece))
    this.#begun = true
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#last())
  }
}

/** Connects streams. An error in one destroys the others and is emitted by the last. */
function chained(content: Readable, compressor: Transform, ends: Ends): Readable {
  pipeline(content, compressor, ends, () => {})
  return ends
}

const GZIP = { level: 6 }
/** Length of the header that Node writes: no name, no extra field. */
const GZIP_HEADER = 10
const FNAME = 0x08

/** Inserts a file name of random length into the gzip header (RFC 1952, section 2.3). */
function withFileName(text: Buffer): Buffer {
  const header = Buffer.from(text.subarray(0, GZIP_HEADER))
  header[3] = (header[3] as number) | FNAME
  return Buffer.concat([header, padding(), Buffer.alloc(1), text.subarray(GZIP_HEADER)])
}

const gzipped = promisify<Buffer, typeof GZIP, Buffer>(gzip)

const gzipCompression: Compression = {
  name: 'gzip',
  bytes: async (content) => withFileName(await gzipped(content, GZIP)),
  stream: (content) =>
    chained(content, createGzip({ ...GZIP, flush: constants.Z_SYNC_FLUSH }), new Ends({ first: withFileName })),
}

const BROTLI = {
  // For responses that are compressed once and sent once, a higher quality takes longer than the transfer saves.
  params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
  // Leaves the stream open, at a byte boundary.
  finishFlush: constants.BROTLI_OPERATION_FLUSH,
}
const EMPTY_LAST_BLOCK = Buffer.of(0x03)

/** The end of a Brotli stream: a metadata block, which decoders skip, and an empty last block (RFC 7932, 9.2). */
function brotliEnd(): Buffer {
  const bytes = padding()
  if (bytes.length === 0) return EMPTY_LAST_BLOCK
  // From the lowest bit: ISLAST 0; MNIBBLES 3 (metadata); reserved 0; MSKIPBYTES 1; the length minus one.
  const bits = (3 << 1) | (1 << 4) | ((bytes.length - 1) << 6)
  return Buffer.concat([Buffer.of(bits & 0xff, bits >> 8), bytes, EMPTY_LAST_BLOCK])
}

const brotlied = promisify<Buffer, typeof BROTLI, Buffer>(brotliCompress)

const brotliCompression: Compression = {
  name: 'br',
  bytes: async (content) => Buffer.concat([await brotlied(content, BROTLI), brotliEnd()]),
  stream: (content) =>
    chained(
      content,
      createBrotliCompress({ ...BROTLI, flush: constants.BROTLI_OPERATION_FLUSH }),
      new Ends({ last: brotliEnd }),
    ),
}

/** Bytes below which compression is not worthwhile. */
const MIN_LENGTH = 200

/**
 * The compression that Accept-Encoding prefers; Brotli, if it prefers both equally. As in Django, the client has to
 * name the encoding: `*` is not enough.
 */
export function compressionFor(header: string, withBrotli: boolean): Compression | undefined {
  const available = withBrotli ? [brotliCompression, gzipCompression] : [gzipCompression]
  const entries = header
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
  // Of equally preferred encodings, the package `accepts` takes the first, so Brotli is moved to the front.
  const named = available.flatMap(({ name }) => entries.filter((entry) => entry.startsWith(name)))
  const found = acceptsOf({ 'accept-encoding': named.join(',') }).encodings(available.map(({ name }) => name))
  return available.find(({ name }) => name === found)
}

/** Whether a response must not be compressed: it already is, or it is a part of a file (Content-Range). */
const isExcluded = (response: Response): boolean =>
  response.res.hasHeader('Content-Encoding') || response.res.hasHeader('Content-Range')

/** A strong ETag identifies exact bytes, which compression changes. */
function weakenEtag(response: Response): void {
  const etag = headerOf(response, 'ETag')
  if (etag.startsWith('"')) response.set('ETag', `W/${etag}`)
}

/** The middleware for MIDDLEWARE. */
export function GZipMiddleware(): Middleware {
  const withBrotli = settings.GZIP_BROTLI
  return async function gzip({ request, response }, next) {
    await next()
    const content = contentOf(response)
    if (content === undefined || isExcluded(response)) return
    if (Buffer.isBuffer(content) && content.length < MIN_LENGTH) return
    patchVaryHeaders(response, ['Accept-Encoding'])
    const compression = compressionFor(request.get('Accept-Encoding'), withBrotli)
    if (compression === undefined) return
    const smaller = Buffer.isBuffer(content) ? await compression.bytes(content) : compression.stream(content)
    if (Buffer.isBuffer(content) && Buffer.isBuffer(smaller) && smaller.length >= content.length) return
    replaceContent(response, smaller)
    weakenEtag(response)
    response.set('Content-Encoding', compression.name)
  }
}
