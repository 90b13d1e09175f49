/** A file that came with a form: in memory while it is small, else in a temporary file. */
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

/** Most characters of a file's name, as in Django: what a file system holds. */
const MAX_NAME_LENGTH = 255

/** The beginning of a string, without half of a surrogate pair at its end. */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')

/** A name that is too long loses its middle: its ending says what the file is. */
function shortened(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name
  const dot = name.lastIndexOf('.')
  // As in Python, a name that begins with its only dot has no ending.
  const ending = dot > 0 && /[^.]/.test(name.slice(0, dot)) ? cut(name.slice(dot), MAX_NAME_LENGTH) : ''
  return cut(name, MAX_NAME_LENGTH - ending.length) + ending
}

/**
 * The last part of a name from outside, of 255 characters at most, without what a file system or terminal could trip
 * over; undefined where nothing is left of it.
 */
export function safeFileName(name: string): string | undefined {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  const printable = shortened(last.replace(/[\p{C}]/gu, '').trim()).trim()
  return ['', '.', '..'].includes(printable) ? undefined : printable
}

export class UploadedFile {
  /** The field of the form. */
  readonly fieldName: string
  /** The name that the client gave, without folders. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** As the client claims it. */
  readonly contentType: string
  /** The bytes; undefined for a file that was too large to keep in memory: see `chunks()` and `read()`. */
  readonly content: Buffer | undefined
  /** Where a large file lies until the response has been sent. */
  readonly temporaryPath: string | undefined

  constructor({ fieldName, name, size, contentType, content, temporaryPath }: UploadedFileParts) {
    this.fieldName = fieldName
    this.name = name
    this.size = size
    this.contentType = contentType
    this.content = content
    this.temporaryPath = temporaryPath
  }

  /** The bytes, piece by piece. */
  async *chunks(chunkSize = 65_536): AsyncGenerator<Buffer> {
    if (this.content === undefined) {
      yield* createReadStream(this.temporaryPath as string, { highWaterMark: chunkSize }) as AsyncIterable<Buffer>
      return
    }
    for (let at = 0; at < this.content.length; at += chunkSize) yield this.content.subarray(at, at + chunkSize)
  }

  /** All the bytes. */
  async read(): Promise<Buffer> {
    return this.content ?? readFile(this.temporaryPath as string)
  }

  /** Writes the file, with the mode FILE_UPLOAD_PERMISSIONS, over what may be there. */
  async saveTo(path: string): Promise<void> {
    if (this.content === undefined) await copyFile(this.temporaryPath as string, path)
    else await writeFile(path, this.content)
    if (settings.FILE_UPLOAD_PERMISSIONS !== null) await chmod(path, settings.FILE_UPLOAD_PERMISSIONS)
  }
}

/** Files by field name. A field may have several: `get` gives the last of them, `getAll` all. */
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
