/** GZipMiddleware: compresses responses for clients that accept it, with a random length against BREACH. */
import { randomInt } from 'node:crypto'
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream'
import { promisify } from 'node:util'
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib'
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { acceptsOf, patchVaryHeaders } from '#core/http'
import { contentOf, headerOf, replaceContent } from './response_body.ts'

// Compressed bytes of a random length, so that the length reveals nothing about a secret in them (BREACH).

interface Compression {
  /** As in Content-Encoding. */
  readonly name: 'gzip' | 'br'
  bytes(content: Buffer): Promise<Buffer>
  /** Each piece of the stream is sent when it comes. */
  stream(content: Readable): Readable
}

/** One more than the most bytes of padding. */
const MOST_PADDING = 100

const padding = (): Buffer => Buffer.alloc(randomInt(MOST_PADDING), 'a')

/** Changes a stream's first or last piece. */
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

/** An error in one stream ends the others, and the reader of the last one receives it. */
function chained(content: Readable, compressor: Transform, ends: Ends): Readable {
  pipeline(content, compressor, ends, () => {})
  return ends
}

const GZIP = { level: 6 }
/** Length of the header that Node writes: no name, no extra field. */
const GZIP_HEADER = 10
const FNAME = 0x08

/** Puts a file name of random length into the header of a gzip text. RFC 1952, section 2.3. */
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
  // Higher ones take longer than the network saves, for what is compressed once and sent once.
  params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
  // Leaves the text open, and at the boundary of a byte.
  finishFlush: constants.BROTLI_OPERATION_FLUSH,
}
const LAST_AND_EMPTY = Buffer.of(0x03)

/** The end of a Brotli text: a block of metadata, which readers skip, and the last, empty block. RFC 7932, section 9.2. */
function brotliEnd(): Buffer {
  const bytes = padding()
  if (bytes.length === 0) return LAST_AND_EMPTY
  // From the lowest bit: not the last block; metadata (3 in two bits); a zero; one byte of length; the length less one.
  const bits = (3 << 1) | (1 << 4) | ((bytes.length - 1) << 6)
  return Buffer.concat([Buffer.of(bits & 0xff, bits >> 8), bytes, LAST_AND_EMPTY])
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

/** Bytes under which it is not worth it. */
const LEAST = 200

/**
 * The compression that a client prefers by its Accept-Encoding; Brotli, if it prefers that and gzip equally. As in Django,
 * the client has to name it: `*` is not enough.
 */
export function compressionFor(header: string, withBrotli: boolean): Compression | undefined {
  const available = withBrotli ? [brotliCompression, gzipCompression] : [gzipCompression]
  const entries = header
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
  // Of equally preferred encodings, the package takes the one that the client names first.
  const named = available.flatMap(({ name }) => entries.filter((entry) => entry.startsWith(name)))
  const found = acceptsOf({ 'accept-encoding': named.join(',') }).encodings(available.map(({ name }) => name))
  return available.find(({ name }) => name === found)
}

/** A part of a file cannot be put together with the others when it is compressed by itself. */
const mustStay = (response: Response): boolean =>
  response.res.hasHeader('Content-Encoding') || response.res.hasHeader('Content-Range')

/** The compressed answer is another one, byte for byte, than the one that a strong tag stands for. */
function weakenEtag(response: Response): void {
  const etag = headerOf(response, 'ETag')
  if (etag.startsWith('"')) response.set('ETag', `W/${etag}`)
}

/** The middleware as MIDDLEWARE names it. */
export function GZipMiddleware(): Middleware {
  const withBrotli = settings.GZIP_BROTLI
  return async function gzip({ request, response }, next) {
    await next()
    const content = contentOf(response)
    if (content === undefined || mustStay(response)) return
    if (Buffer.isBuffer(content) && content.length < LEAST) return
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
