/** Converts the results of body parsers from npm to fields and files. */
import type { IncomingMessage } from 'node:http'
import { settings } from '#core/conf'
import { TooManyFieldsSent } from '#core/exceptions'
import { stateOf } from './request_state.ts'
import { FileMap, safeFileName, UploadedFile } from './uploaded_file.ts'
import type { HttpRequest } from './request.ts'

/** Properties that parsers set on Koa's request or, with `patchNode`, on Node's. */
interface Parsed {
  readonly body?: unknown
  readonly rawBody?: unknown
  /** A single file: `single()` of multer. */
  readonly file?: unknown
  /** By field, with an array for several files (formidable, `fields()` of multer), or one array (multer). */
  readonly files?: unknown
}

/** A file of multer (`buffer` or `path`) or formidable (`filepath`). */
interface ParsedFile {
  readonly fieldname?: string
  readonly originalname?: string
  readonly originalFilename?: string | null
  readonly mimetype?: string | null
  readonly size?: number
  readonly buffer?: Buffer
  readonly path?: string
  readonly filepath?: string
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const onNode = (request: HttpRequest): IncomingMessage & Parsed => request.req

/** The body as parsed by a parser; undefined if none ran. */
export function parsedBodyOf(request: HttpRequest): unknown {
  const { parsed } = stateOf(request)
  return parsed === undefined ? onNode(request).body : parsed.value
}

/** The body as the client sent it, if a parser has stored it. */
export function rawBodyOf(request: HttpRequest): string | undefined {
  const raw = (request as Parsed).rawBody ?? onNode(request).rawBody
  return typeof raw === 'string' ? raw : undefined
}

/**
 * The fields of a form that was parsed into an object. An array becomes several fields of one name; a nested object
 * becomes bracketed names: `{ a: { b: '1' } }` is the field `a[b]`.
 * @throws TooManyFieldsSent over DATA_UPLOAD_MAX_NUMBER_FIELDS
 */
export function fieldsFrom(body: unknown): URLSearchParams {
  const fields = new URLSearchParams()
  if (!isObject(body) || Buffer.isBuffer(body)) return fields
  const most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS ?? Number.POSITIVE_INFINITY
  // A stack instead of recursion, because the client chooses the nesting depth.
  const waiting: [name: string, value: unknown][] = Object.entries(body).toReversed()
  let count = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [name, value] = next
    if (isObject(value)) {
      // Object.entries skips the holes of sparse arrays, whose length can be in the millions.
      const inside = Object.entries(value).map(([key, entry]): [string, unknown] => {
        return [Array.isArray(value) && !isObject(entry) ? name : `${name}[${key}]`, entry]
      })
      waiting.push(...inside.toReversed())
      continue
    }
    if (++count > most) {
      throw new TooManyFieldsSent()
    }
    fields.append(name, value === undefined || value === null ? '' : `${value as string | number}`)
  }
  return fields
}

function uploadedFile(field: string, file: ParsedFile): UploadedFile | undefined {
  const name = safeFileName(file.originalname ?? file.originalFilename ?? '')
  if (name === undefined) return undefined
  return new UploadedFile({
    fieldName: file.fieldname ?? field,
    name,
    size: file.size ?? file.buffer?.length ?? 0,
    contentType: file.mimetype ?? 'application/octet-stream',
    content: file.buffer,
    temporaryPath: file.path ?? file.filepath,
  })
}

/** The files of a form, from any of the shapes that parsers use. */
export function filesFrom(request: HttpRequest): FileMap {
  const found = new FileMap()
  const add = (field: string, value: unknown): void => {
    const file = isObject(value) ? uploadedFile(field, value) : undefined
    if (file !== undefined) found.append(file)
  }
  const parsed = request as Parsed
  const files = parsed.files ?? onNode(request).files
  const byField = isObject(files) && !Array.isArray(files) ? files : { '': files }
  for (const [field, value] of Object.entries(byField)) for (const each of [value].flat()) add(field, each)
  add('', parsed.file ?? onNode(request).file)
  return found
}
