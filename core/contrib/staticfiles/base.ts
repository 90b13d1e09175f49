/** The contract of a storage of static files, and the checked STATIC_URL. */
import { settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { withScriptName } from '#core/template'

/** What became of a file after it was collected. */
export interface PostProcessed {
  readonly name: string
  /** The name that the storage gave it. */
  readonly storedAs?: string
  /** False where nothing was to be done. */
  readonly processed: boolean
  /** What went wrong; collectstatic stops there. */
  readonly error?: Error
}

export interface StaticStorage {
  /** The folder, where the storage is one on this machine; undefined where STATIC_ROOT is not set. */
  readonly location?: string | undefined
  /** The address of a file, for a page. */
  url(name: string): string
  /** The path of a file, where the storage is a folder on this machine. */
  path?(name: string): string
  exists(name: string): Promise<boolean>
  save(name: string, content: Uint8Array): Promise<void>
  delete(name: string): Promise<void>
  /** What lies directly in a folder; nothing where there is no such folder. */
  list(folder: string): Promise<{ readonly folders: readonly string[]; readonly files: readonly string[] }>
  /** When a file was last written, in milliseconds since the epoch. */
  modified(name: string): Promise<number>
  /**
   * Does what is to be done when all is collected.
   * @param files the collected files: their originals by name
   */
  postProcess?(files: ReadonlyMap<string, string>): AsyncIterable<PostProcessed>
}

/** OPTIONS of the entry of STORAGES. */
export type StorageOptions = Readonly<Record<string, unknown>>

export type StaticStorageClass = new (options: StorageOptions) => StaticStorage

// STATIC_URL as the site uses it, or the error that says what is wrong with it.

/** @throws ImproperlyConfigured where STATIC_URL is not set, or collides with MEDIA_URL */
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
