/** An uploaded file: in memory if it is small, otherwise in a temporary file. */
import { createReadStream } from 'node:fs'
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { settings } from '#core/conf'
import { altersData } from '#core/utils'

export interface UploadedFileParts {
  readonly fieldName: string
  readonly name: string
  readonly size: number
  readonly contentType: string
  readonly content?: Buffer | undefined
  readonly temporaryPath?: string | undefined
}

/** Maximum length of a file name in characters, as in Django and in file systems. */
const MAX_NAME_LENGTH = 255

/** Truncates a string without splitting a surrogate pair. */
const truncated = (name: string, length: number): string => name.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')

/** Shortens a name that is too long, and keeps its extension. */
function shortened(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name
  const dot = name.lastIndexOf('.')
  // As in Python, a name whose only dot is the first character has no extension.
  const extension = dot > 0 && /[^.]/.test(name.slice(0, dot)) ? truncated(name.slice(dot), MAX_NAME_LENGTH) : ''
  return truncated(name, MAX_NAME_LENGTH - extension.length) + extension
}

/**
 * The last component of a name that a client sent, at most 255 characters, without control and other invisible
 * characters. Undefined if nothing is left.
 */
export function safeFileName(name: string): string | undefined {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  const printable = shortened(last.replace(/[\p{C}]/gu, '').trim()).trim()
  return ['', '.', '..'].includes(printable) ? undefined : printable
}

export class UploadedFile {
  /** The field of the form. */
  readonly fieldName: string
  /** The name that the client sent, without directories. */
  readonly name: string
  /** Size in bytes. */
  readonly size: number
  /** The content type that the client sent. Not verified. */
  readonly contentType: string
  /** The bytes; undefined for a file in a temporary file, which `chunks()` and `read()` read. */
  readonly content: Buffer | undefined
  /** The path of the temporary file, which is deleted after the response was sent. */
  readonly temporaryPath: string | undefined

  constructor({ fieldName, name, size, contentType, content, temporaryPath }: UploadedFileParts) {
    this.fieldName = fieldName
    this.name = name
    this.size = size
    this.contentType = contentType
    this.content = content
    this.temporaryPath = temporaryPath
  }

  /** The bytes in chunks. */
  async *chunks(chunkSize = 65_536): AsyncGenerator<Buffer> {
    if (this.content === undefined) {
      yield* createReadStream(this.temporaryPath as string, { highWaterMark: chunkSize }) as AsyncIterable<Buffer>
      return
    }
    for (let at = 0; at < this.content.length; at += chunkSize) yield this.content.subarray(at, at + chunkSize)
  }

  /** All bytes. */
  async read(): Promise<Buffer> {
    return this.content ?? readFile(this.temporaryPath as string)
  }

  /** Writes the file with the mode FILE_UPLOAD_PERMISSIONS. Overwrites an existing file. */
  async saveTo(path: string): Promise<void> {
    if (this.content === undefined) await copyFile(this.temporaryPath as string, path)
    else await writeFile(path, this.content)
    if (settings.FILE_UPLOAD_PERMISSIONS !== null) await chmod(path, settings.FILE_UPLOAD_PERMISSIONS)
  }
}

/** Files by field name. If a field has several, `get` returns the last one, and `getAll` all of them. */
export class FileMap extends Map<string, UploadedFile> {
  readonly #all = new Map<string, UploadedFile[]>()

  append(file: UploadedFile): void {
    const files = this.#all.get(file.fieldName)
    if (files === undefined) this.#all.set(file.fieldName, [file])
    else files.push(file)
    this.set(file.fieldName, file)
  }

  getAll(fieldName: string): readonly UploadedFile[] {
    return this.#all.get(fieldName) ?? []
  }
}

altersData(UploadedFile.prototype, ['saveTo'])
altersData(FileMap.prototype, ['append'])
