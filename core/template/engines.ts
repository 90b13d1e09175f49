/** The template engines of the settings, and what views use of them: getTemplate, selectTemplate, renderToString. */
import path from 'node:path'
import { apps } from '#core/apps'
import { loadedFromSettings, prepareSettings, projectRoot, settings } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { importName, joinWithAnd } from '#core/utils'
import type { BackendClass, Template, TemplateBackend } from './backends/base.ts'
import { TemplateDoesNotExist, type Tried } from './errors.ts'

/** An entry of TEMPLATES. */
export interface EngineSetting {
  readonly BACKEND: string
  readonly NAME?: string
  readonly DIRS?: readonly string[]
  readonly APP_DIRS?: boolean
  readonly OPTIONS?: Readonly<Record<string, unknown>>
}

/** As in Django: the last but one part of BACKEND. */
const usualName = (backend: string): string => backend.split('.').at(-2) ?? backend

/** What the entries of TEMPLATES are read with. */
export interface Surroundings {
  /** Folder from which names and relative DIRS are looked up. */
  readonly root: string
  /** Folders of the installed apps. */
  readonly apps: readonly string[]
}

async function loadEngine(
  entry: EngineSetting,
  setting: string,
  { root, apps }: Surroundings,
): Promise<TemplateBackend> {
  const Backend = (await importName(entry.BACKEND, { setting: `${setting}.BACKEND`, root })) as BackendClass
  const engine = new Backend({
    NAME: entry.NAME ?? usualName(entry.BACKEND),
    DIRS: (entry.DIRS ?? []).map((folder) => path.resolve(root, folder)),
    APP_DIRS: entry.APP_DIRS ?? false,
    OPTIONS: entry.OPTIONS ?? {},
    apps,
    setting,
    root,
  })
  await engine.load()
  return engine
}

export class Engines {
  readonly #engines = new Map<string, TemplateBackend>()

  /** Imports what TEMPLATES names, because rendering does not wait. */
  static async load(entries: readonly EngineSetting[], surroundings: Surroundings): Promise<Engines> {
    const engines = new Engines()
    for (const [i, entry] of entries.entries()) {
      const engine = await loadEngine(entry, `TEMPLATES[${i}]`, surroundings)
      if (engines.#engines.has(engine.name)) {
        throw new ImproperlyConfigured(
          `TEMPLATES[${i}] has the NAME '${engine.name}', as another one has. Names are unique.`,
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
   * The first template that exists of some names, in the engines' order.
   * @param using name of the one engine to ask
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

/** The engines of this process: loaded by setup(), by createApplication(), and within an override of TEMPLATES. */
export const engines = loadedFromSettings('TEMPLATES', () =>
  Engines.load(settings.TEMPLATES, { root: projectRoot(), apps: apps.getAppConfigs().map((app) => app.path) }),
)

/** Loads the engines that the settings in force name, unless they are loaded already. */
export const loadEngines = (): Promise<void> => prepareSettings()

/** @throws TemplateDoesNotExist with every place that was tried */
export const getTemplate = (name: string, using?: string): Template => engines().select([name], using)

/** The first of some templates that exists. @throws TemplateDoesNotExist with every place that was tried */
export const selectTemplate = (names: readonly string[], using?: string): Template => engines().select(names, using)

/**
 * Renders a template, or the first of some that exists.
 * @param request for context processors and tags; without it there are none of their variables
 */
export function renderToString(
  names: string | readonly string[],
  context: Record<string, unknown> = {},
  request?: unknown,
  using?: string,
): string {
  return selectTemplate(typeof names === 'string' ? [names] : names, using).render(context, request)
}
