/** What a template loader is: it knows the places where a template of a name may lie. */

/** A place where a template may be. */
export interface TemplateSource {
  /** The place as a reader knows it: the path of a file, or the loader's own word for it. */
  readonly origin: string
  /** The file, where it is one. */
  readonly file?: string
  /** Changes when the template does; undefined where there is none. */
  stamp(): string | undefined
  read(): string
}

export interface TemplateLoader {
  /** Places to look in, the preferred one first. */
  sources(name: string): TemplateSource[]
}

/** What the engine tells the loaders. */
export interface LoaderSetup {
  /** DIRS, absolute. */
  readonly dirs: readonly string[]
  /** The templates folders of the installed apps. */
  readonly appDirs: readonly string[]
}
