/** The contract of a template backend, the class that BACKEND in TEMPLATES names. */

export interface Template {
  readonly name: string
  /** Path of its file, if it comes from one. */
  readonly file: string | undefined
  /** @param request for context processors and tags */
  render(context?: Record<string, unknown>, request?: unknown): string
}

/** An entry of TEMPLATES with all defaults. */
export interface BackendParams {
  readonly NAME: string
  /** Absolute paths. */
  readonly DIRS: readonly string[]
  readonly APP_DIRS: boolean
  readonly OPTIONS: Readonly<Record<string, unknown>>
  /** Directories of the installed apps. */
  readonly apps: readonly string[]
  /** The entry's name in errors: `TEMPLATES[0]`. */
  readonly setting: string
  /** Directory against which dotted names are resolved. */
  readonly root: string
}

export interface TemplateBackend {
  /** The name for `using`. */
  readonly name: string
  /** Imports what the settings name. Called once, before anything is rendered. */
  load(): Promise<void>
  /** @throws TemplateDoesNotExist with every place that was tried */
  getTemplate(name: string): Template
  fromString(source: string): Template
}

export type BackendClass = new (params: BackendParams) => TemplateBackend
