/** Parses a multipart form within the limits: fields in memory, files in memory or in temporary files. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Readable, Writable } from 'node:stream'
import type { Busboy, BusboyInstance } from '@fastify/busboy'
import { settings } from '#core/conf'
import { RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent } from '#core/exceptions'
import { MultiPartParserError, UnreadablePostError } from './headers.ts'
import { FileMap, safeFileName, UploadedFile } from './uploaded_file.ts'

type BusboyClass = typeof Busboy

/** Maximum size of a part's headers in bytes, enough for `filename` and `filename*` of 255 characters. */
const MAX_HEADER_SIZE = 8192

/** Maximum number of header lines of a part. Browsers send three. */
const MAX_HEADER_LINES = 50

/** Maximum length of a file's content type in characters, as in a usual database column. */
const MAX_TYPE_LENGTH = 255

/** Bytes in one write to the parser. */
const CHUNK_SIZE = 65_536

/** Django's pattern. */
const VALID_BOUNDARY = /^[ -~]{0,200}[!-~]$/

/**
 * The parser's internal source of parts. The parser emits only parts with a name, but parts without a name take as much
 * time, so all parts are counted here.
 */
interface PartSource {
  on(event: 'part', listener: (part: PartHead) => void): void
}

/** Values by lower-case name. A header may occur several times. */
type PartHeaders = Readonly<Record<string, readonly string[]>>

interface PartHead {
  once(event: 'header', listener: (headers: PartHeaders) => void): void
}

function areTooLong(headers: PartHeaders): boolean {
  const lines = Object.entries(headers).flatMap(([name, values]) => values.map((value) => name.length + value.length))
  return lines.length > MAX_HEADER_LINES || lines.reduce((sum, length) => sum + length, 0) > MAX_HEADER_SIZE
}

/** @throws TypeError if a version of the package has another structure */
function partsOf(parser: BusboyInstance): PartSource {
  const inside = parser as unknown as { readonly _parser?: { readonly parser?: PartSource } }
  const source = inside._parser?.parser
  if (source === undefined) throw new TypeError('@fastify/busboy has no _parser.parser, where parts are counted.')
  return source
}

interface FilePart {
  readonly fieldName: string
  readonly name: string
  readonly contentType: string
}

export class MultipartReader {
  readonly post = new URLSearchParams()
  readonly files = new FileMap()
  readonly #temporaryPaths: string[] = []
  readonly #open = new Set<Readable>()
  readonly #uploads: Promise<UploadedFile>[] = []
  readonly #maxBytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE ?? Number.POSITIVE_INFINITY
  readonly #maxFields = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS ?? Number.POSITIVE_INFINITY
  readonly #maxFiles = settings.DATA_UPLOAD_MAX_NUMBER_FILES ?? Number.POSITIVE_INFINITY
  #bytes = 0
  #parts = 0
  #isAborted = false
  #fileCount = 0
  /** Bytes of memory that are left for the files of this request. */
  #memoryLeft = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
  #fail: (error: unknown) => void = () => {}

  /** @throws MultiPartParserError, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, UnreadablePostError */
  async read(req: IncomingMessage): Promise<void> {
    const { Busboy } = await import('@fastify/busboy')
    try {
      await this.#parse(req, this.#parser(Busboy, req))
      for (const file of await Promise.all(this.#uploads)) this.files.append(file)
    } catch (error) {
      for (const stream of this.#open) stream.destroy(new Error('Parsing of the form was aborted.'))
      await Promise.allSettled(this.#uploads)
      await this.removeTemporaryFiles()
      throw error
    }
  }

  get hasTemporaryFiles(): boolean {
    return this.#temporaryPaths.length > 0
  }

  async removeTemporaryFiles(): Promise<void> {
    await Promise.all(this.#temporaryPaths.splice(0).map((file) => rm(file, { force: true })))
  }

  #parser(Busboy: BusboyClass, req: IncomingMessage): BusboyInstance {
    const contentType = req.headers['content-type'] as string
    const boundary = /;\s*boundary=(?:"([^"]*)"|([^;]*))/i.exec(contentType)
    try {
      if (!VALID_BOUNDARY.test((boundary?.[1] ?? boundary?.[2] ?? '').trim())) throw new Error('invalid boundary')
      return new Busboy({
        headers: { ...req.headers, 'content-type': contentType },
        // File names are sanitized in one place, `safeFileName`.
        preservePath: true,
        // As in Django, a part without a file name is a field, whatever its type.
        isPartAFile: (_name, _type, fileName) => fileName !== undefined,
        limits: { fieldSize: this.#maxBytes, headerSize: 2 * MAX_HEADER_SIZE, headerPairs: MAX_HEADER_LINES + 1 },
      })
    } catch (error) {
      req.resume()
      throw new MultiPartParserError(`Invalid multipart header: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Feeds the parser until the end of the body or an error. After an error, the rest of the body is discarded. */
  #parse(req: IncomingMessage, parser: BusboyInstance): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void =>
        this.#fail(new UnreadablePostError('The client disconnected before the form was complete.'))
      const ended = (): void => void req.off('close', gone)
      const feeder = this.#feeder(parser)
      this.#fail = (error) => {
        this.#isAborted = true
        req.unpipe(feeder)
        req.resume()
        reject(error)
      }
      partsOf(parser).on('part', (part) => this.#countPart(part))
      parser.on('error', (error: Error) => {
        this.#fail(new MultiPartParserError(`Malformed multipart form: ${error.message}`, { cause: error }))
      })
      parser.on('field', (name, value, _nameCut, valueCut) => this.#addField(name, value, valueCut))
      parser.on('file', (name, stream, filename, _encoding, type) => this.#addFile(name, stream, filename, type))
      parser.once('finish', () => {
        this.#limitFields()
        resolve()
      })
      req.once('end', ended).once('close', gone).on('error', gone)
      if (req.destroyed && !req.readableEnded) gone()
      else req.pipe(feeder)
    })
  }

  /** Writes the body in small chunks, so that the parser stops soon after an error. */
  #feeder(parser: BusboyInstance): Writable {
    const feed = (chunk: Buffer, at: number, done: () => void): void => {
      if (at >= chunk.length || this.#isAborted) done()
      else parser.write(chunk.subarray(at, at + CHUNK_SIZE), () => feed(chunk, at + CHUNK_SIZE, done))
    }
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => feed(chunk, 0, done),
      final: (done) => {
        parser.end()
        done()
      },
    })
  }

  /** As in Django, every part that is not a file is a field, with or without a name. */
  #countPart(part: PartHead): void {
    // The earlier parts have been classified as fields or files by now.
    this.#limitFields()
    if (this.#isAborted) return
    this.#parts++
    part.once('header', (header) => {
      if (areTooLong(header)) {
        const limits = `${MAX_HEADER_SIZE} bytes in ${MAX_HEADER_LINES} lines`
        this.#fail(new MultiPartParserError(`The headers of a part are longer than ${limits}.`))
      }
      this.#limitFields()
    })
  }

  #limitFields(): void {
    if (this.#isAborted || this.#parts - this.#fileCount <= this.#maxFields) return
    this.#fail(new TooManyFieldsSent())
  }

  #addField(name: string | undefined, value: string, isCut: boolean): void {
    if (name === undefined || this.#isAborted) return
    // As in Django, 2 more for `&` and `=`.
    this.#bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 2
    if (isCut || this.#bytes > this.#maxBytes) {
      return this.#fail(new RequestDataTooBig('Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.'))
    }
    this.post.append(name, value)
  }

  #addFile(fieldName: string | undefined, stream: Readable, filename: string | undefined, contentType: string): void {
    stream.on('error', () => {})
    if (this.#isAborted) {
      stream.resume()
      return
    }
    if (++this.#fileCount > this.#maxFiles) {
      stream.resume()
      return this.#fail(new TooManyFilesSent('The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES.'))
    }
    const name = safeFileName(filename ?? '')
    if (fieldName === undefined || name === undefined) {
      stream.resume()
      return
    }
    this.#open.add(stream)
    const upload = this.#receive(stream, { fieldName, name, contentType: contentType.slice(0, MAX_TYPE_LENGTH) })
    upload.catch((error: unknown) => this.#fail(error))
    this.#uploads.push(upload)
  }

  /** Reads a file into memory, or into a temporary file once the memory limit is reached. */
  async #receive(stream: Readable, part: FilePart): Promise<UploadedFile> {
    const chunks: Buffer[] = []
    let size = 0
    let file: FileHandle | undefined
    let temporaryPath: string | undefined
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        size += chunk.length
        if (file !== undefined) {
          await file.writeFile(chunk)
          continue
        }
        chunks.push(chunk)
        this.#memoryLeft -= chunk.length
        if (this.#memoryLeft >= 0) continue
        temporaryPath = this.#newTemporaryPath()
        file = await open(temporaryPath, 'wx', 0o600)
        for (const each of chunks) await file.writeFile(each)
        // The memory is available to the following files again.
        this.#memoryLeft += size
      }
    } finally {
      this.#open.delete(stream)
      await file?.close()
    }
    if (temporaryPath !== undefined) return new UploadedFile({ ...part, size, temporaryPath })
    return new UploadedFile({ ...part, size, content: Buffer.concat(chunks) })
  }

  #newTemporaryPath(): string {
    const file = path.join(settings.FILE_UPLOAD_TEMP_DIR ?? tmpdir(), `${randomUUID()}.upload`)
    this.#temporaryPaths.push(file)
    return file
  }
}
