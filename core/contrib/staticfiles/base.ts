/** The interface of a static files storage, and the validated STATIC_URL. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { withScriptName } from '#core/template'

/** The result of post-processing a collected file. */
export interface PostProcessed {
  readonly name: string
  /** The name under which it is stored. */
  readonly storedAs?: string
  /** False if there was nothing to do. */
  readonly processed: boolean
  /** The error, which stops collectstatic. */
  readonly error?: Error
}

export interface StaticStorage {
  /** The directory of a local storage; undefined for other storages, or if STATIC_ROOT is not set. */
  readonly location?: string | undefined
  /** The URL of a file. */
  url(name: string): string
  /** The file system path of a file, for a local storage. */
  path?(name: string): string
  exists(name: string): Promise<boolean>
  save(name: string, content: Uint8Array): Promise<void>
  delete(name: string): Promise<void>
  /** The direct contents of a directory; empty if it does not exist. */
  list(folder: string): Promise<{ readonly folders: readonly string[]; readonly files: readonly string[] }>
  /** The modification time of a file, in milliseconds since the epoch. */
  modified(name: string): Promise<number>
  /**
   * Processes the files after all are collected.
   * @param files paths of the original files by name
   */
  postProcess?(files: ReadonlyMap<string, string>): AsyncIterable<PostProcessed>
}

/** OPTIONS of the entry of STORAGES. */
export type StorageOptions = Readonly<Record<string, unknown>>

export type StaticStorageClass = new (options: StorageOptions) => StaticStorage

// STATIC_URL with the script name, validated.

/** @throws ImproperlyConfigured if STATIC_URL is not set, or the URL or root equals that of media files */
export function staticBaseUrl(url: string | null = settings.STATIC_URL): string {
  if (url === null || url === '') {
    throw new ImproperlyConfigured(
      "You're using the staticfiles app without having set the required STATIC_URL setting. Usual is 'static/'.",
    )
  }
  const base = withScriptName(url)
  if (settings.MEDIA_URL !== '' && withScriptName(settings.MEDIA_URL) === base) {
    throw new ImproperlyConfigured(`MEDIA_URL and STATIC_URL must have different values, found '${url}' for both.`)
  }
  const { MEDIA_ROOT, STATIC_ROOT } = settings
  if (MEDIA_ROOT !== '' && MEDIA_ROOT === STATIC_ROOT) {
    throw new ImproperlyConfigured(`MEDIA_ROOT and STATIC_ROOT must have different values, found '${MEDIA_ROOT}'.`)
  }
  return base.endsWith('/') ? base : `${base}/`
}
