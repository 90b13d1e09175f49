/** What a template backend is: the class that BACKEND of an entry in TEMPLATES names. */

/** A template that was found, ready to be rendered. */
export interface Template {
  readonly name: string
  /** Its file, where it has one. */
  readonly file: string | undefined
  /** @param request for the context processors and for tags that need it */
  render(context?: Record<string, unknown>, request?: unknown): string
}

/** An entry of TEMPLATES, complete. */
export interface BackendParams {
  readonly NAME: string
  /** Absolute. */
  readonly DIRS: readonly string[]
  readonly APP_DIRS: boolean
  readonly OPTIONS: Readonly<Record<string, unknown>>
  /** Folders of the installed apps. */
  readonly apps: readonly string[]
  /** How errors name the entry: `TEMPLATES[0]`. */
  readonly setting: string
  /** Folder from which dotted names are looked up. */
  readonly root: string
}

export interface TemplateBackend {
  /** Name by which `using` chooses it. */
  readonly name: string
  /** Imports what the settings name. Awaited once, before anything is rendered. */
  load(): Promise<void>
  /** @throws TemplateDoesNotExist with every place that was tried */
  getTemplate(name: string): Template
  fromString(source: string): Template
}

export type BackendClass = new (params: BackendParams) => TemplateBackend
