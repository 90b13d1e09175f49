/** Reads a request's body once: within the limits, and into fields and files where it is a form. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { settings } from '#core/conf'
import { BadRequest, RequestDataTooBig, TooManyFieldsSent } from '#core/exceptions'
import { UnreadablePostError } from './errors.ts'
import { MultipartReader } from './multipart.ts'
import { type ReadBody, stateOf } from './state.ts'
import { FileMap } from './uploaded_file.ts'
import type { HttpRequest } from './view.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'

const NOTHING = Buffer.alloc(0)

/** The media type of the body, lower case, without its parameters. */
function mediaType(req: IncomingMessage): string {
  const header = req.headers['content-type']
  if (header === undefined) return ''
  const semicolon = header.indexOf(';')
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase()
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Whether a view may expect the body without asking for it: forms and JSON. */
export function isReadBeforeView(request: HttpRequest): boolean {
  if (!hasBody(request.req)) return false
  const type = mediaType(request.req)
  // A large upload by PUT is not a form to parse, and whether to hold it in memory is the view's to say.
  if (type === MULTIPART) return request.method === 'POST'
  return (
    type === URLENCODED || type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'))
  )
}

/**
 * Fields of a query string or form body.
 * @throws TooManyFieldsSent over DATA_UPLOAD_MAX_NUMBER_FIELDS
 */
export function parseFields(text: string): URLSearchParams {
  const most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
  if (most !== null) {
    let fields = 1
    for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) fields++
    if (fields > most) {
      throw new TooManyFieldsSent('The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.')
    }
  }
  // URLSearchParams drops one question mark, which may belong to the first name.
  return new URLSearchParams(`?${text}`)
}

/** All bytes of a body. What comes after an error is let go by, so that the answer still reaches the client. */
function collect(req: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (error?: Error): void => {
      req.off('data', take).off('end', stop).off('close', gone).off('error', gone)
      if (error === undefined) return resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
      req.resume()
      reject(error)
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      if (size > most) stop(new RequestDataTooBig('Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.'))
      else chunks.push(chunk)
    }
    const gone = (): void => stop(new UnreadablePostError('The client left before the whole body had come.'))
    if (Number(req.headers['content-length']) > most) {
      return stop(new RequestDataTooBig('Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.'))
    }
    if (req.destroyed) return gone()
    req.on('data', take).on('end', stop).on('close', gone).on('error', gone)
  })
}

function parseForm(bytes: Buffer, contentType: string): URLSearchParams {
  const charset = /;\s*charset=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  if (!/^utf-?8$/i.test(charset) || !isUtf8(bytes)) {
    throw new BadRequest(`HTTP requests with the '${URLENCODED}' content type must be UTF-8 encoded.`)
  }
  return parseFields(bytes.toString())
}

async function readMultipart(request: HttpRequest): Promise<ReadBody> {
  const reader = new MultipartReader()
  await reader.read(request.req)
  if (reader.hasTemporaryFiles) {
    const remove = (): void => void reader.removeTemporaryFiles().catch(() => {})
    if (request.res.closed || request.res.destroyed) remove()
    else request.res.once('close', remove)
  }
  return { bytes: undefined, post: reader.post, files: reader.files }
}

/** What a parser that ran before us left of a form. */
function parsedElsewhere(request: HttpRequest): ReadBody {
  const { rawBody } = request as { rawBody?: unknown }
  const isForm = request.method === 'POST' && mediaType(request.req) === URLENCODED
  const text = typeof rawBody === 'string' ? rawBody : undefined
  return {
    bytes: text === undefined ? undefined : Buffer.from(text),
    post: isForm && text !== undefined ? parseFields(text) : new URLSearchParams(),
    files: new FileMap(),
  }
}

async function readBytes(request: HttpRequest): Promise<ReadBody> {
  const bytes = await collect(request.req, settings.DATA_UPLOAD_MAX_MEMORY_SIZE ?? Number.POSITIVE_INFINITY)
  const isForm = request.method === 'POST' && mediaType(request.req) === URLENCODED
  const post = isForm ? parseForm(bytes, request.req.headers['content-type'] as string) : new URLSearchParams()
  return { bytes, post, files: new FileMap() }
}

function readAnyBody(request: HttpRequest): Promise<ReadBody> {
  const { req } = request
  if (stateOf(request).parsed !== undefined || req.readableDidRead) return Promise.resolve(parsedElsewhere(request))
  if (!hasBody(req)) {
    return Promise.resolve({ bytes: NOTHING, post: new URLSearchParams(), files: new FileMap() })
  }
  const isUpload = request.method === 'POST' && mediaType(req) === MULTIPART
  return isUpload ? readMultipart(request) : readBytes(request)
}

/** Reads the body at the first call; later calls wait for that one and fail as it did. */
export async function readBody(request: HttpRequest): Promise<void> {
  const state = stateOf(request)
  state.body ??= await (state.reading ??= readAnyBody(request))
}
