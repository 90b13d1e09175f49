/** The contract of a template backend, the engines that TEMPLATES names, and the functions that render with them. */
import path from 'node:path'
import { apps } from '#core/apps'
import {
  classWith,
  loadedFromSettings,
  loadNamed,
  mutableCopy,
  prepareSettings,
  projectRoot,
  settings,
} from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { joinWithAnd } from '#core/utils'
import { TemplateDoesNotExist, type Tried } from './errors.ts'

/** An entry of TEMPLATES. */
export interface EngineSetting {
  readonly BACKEND: string
  readonly NAME?: string
  readonly DIRS?: readonly string[]
  readonly APP_DIRS?: boolean
  readonly OPTIONS?: Readonly<Record<string, unknown>>
}

const BACKEND = classWith<BackendClass>('load', 'getTemplate', 'fromString')

/** The default NAME, as in Django: the second to last part of BACKEND. */
const defaultName = (backend: string): string => backend.split('.').at(-2) ?? backend

/** Where the entries of TEMPLATES are resolved. */
export interface ProjectPaths {
  /** Directory against which dotted names and relative DIRS are resolved. */
  readonly root: string
  /** Directories of the installed apps. */
  readonly apps: readonly string[]
}

async function loadEngine(
  entry: EngineSetting,
  setting: string,
  { root, apps }: ProjectPaths,
): Promise<TemplateBackend> {
  const Backend = await loadNamed(`${setting}.BACKEND`, entry.BACKEND, BACKEND, { root })
  const engine = new Backend({
    NAME: entry.NAME ?? defaultName(entry.BACKEND),
    DIRS: (entry.DIRS ?? []).map((directory) => path.resolve(root, directory)),
    APP_DIRS: entry.APP_DIRS ?? false,
    OPTIONS: mutableCopy(entry.OPTIONS ?? {}),
    apps,
    setting,
    root,
  })
  await engine.load()
  return engine
}

export class Engines {
  readonly #engines = new Map<string, TemplateBackend>()

  /** Imports what TEMPLATES names, because rendering is synchronous. @throws ImproperlyConfigured */
  static async load(entries: readonly EngineSetting[], paths: ProjectPaths): Promise<Engines> {
    const engines = new Engines()
    for (const [i, entry] of entries.entries()) {
      const engine = await loadEngine(entry, `TEMPLATES[${i}]`, paths)
      if (engines.#engines.has(engine.name)) {
        throw new ImproperlyConfigured(
          `TEMPLATES[${i}] has the NAME '${engine.name}' of another entry. Names must be unique.`,
        )
      }
      engines.#engines.set(engine.name, engine)
    }
    return engines
  }

  all(): TemplateBackend[] {
    return [...this.#engines.values()]
  }

  get(name: string): TemplateBackend {
    const engine = this.#engines.get(name)
    if (engine !== undefined) return engine
    throw new ImproperlyConfigured(
      `There is no template engine '${name}'. TEMPLATES has: ${joinWithAnd(this.#engines.keys())}.`,
    )
  }

  /**
   * Returns the first template that exists. Each name is looked up in the engines in their order.
   * @param using name of the only engine to use
   * @throws TemplateDoesNotExist with every place that was tried
   */
  select(names: readonly string[], using?: string): Template {
    if (names.length === 0) throw new TypeError('selectTemplate() needs at least one name.')
    const tried: Tried[] = []
    for (const name of names) {
      for (const engine of using === undefined ? this.all() : [this.get(using)]) {
        try {
          return engine.getTemplate(name)
        } catch (error) {
          if (!(error instanceof TemplateDoesNotExist)) throw error
          tried.push(...error.tried)
        }
      }
    }
    throw new TemplateDoesNotExist(names.join(', '), tried)
  }
}

/** The engines of the current settings. setup(), createApplication() and overrideSettings() load them. */
export const engines = loadedFromSettings('TEMPLATES', () =>
  Engines.load(settings.TEMPLATES, { root: projectRoot(), apps: apps.getAppConfigs().map((app) => app.path) }),
)

/** Loads the engines of the current settings, unless they are loaded. */
export const loadEngines = (): Promise<void> => prepareSettings()

/** @throws TemplateDoesNotExist with every place that was tried */
export const getTemplate = (name: string, using?: string): Template => engines().select([name], using)

/** Returns the first template that exists. @throws TemplateDoesNotExist with every place that was tried */
export const selectTemplate = (names: readonly string[], using?: string): Template => engines().select(names, using)

/**
 * Renders a template, or the first of several that exists.
 * @param request for context processors and tags; without it, context processors are not called
 * @param using name of the only engine to use
 * @throws TemplateDoesNotExist, TemplateSyntaxError, UnawaitedPromise, and what the code of the project throws
 */
export function renderToString(
  names: string | readonly string[],
  context: Record<string, unknown> = {},
  request?: unknown,
  using?: string,
): string {
  return selectTemplate(typeof names === 'string' ? [names] : names, using).render(context, request)
}

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
