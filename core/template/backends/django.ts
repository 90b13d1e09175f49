/** The backend for Django's template language. */
import path from 'node:path'
import { functionOf, loadNamed } from '#core/conf'
import { ImproperlyConfigured } from '#core/exceptions'
import { joinWithAnd } from '#core/utils'
import type { CompiledTemplate } from '../compile.ts'
import { csrf } from '../context_processors.ts'
import { type ContextProcessor, Engine } from '../engine.ts'
import { DEFAULT_BUILTINS, importLibraries, importLibrary } from '../libraries.ts'
import { resolveLoaders } from '../loaders/base.ts'
import type { BackendParams, Template, TemplateBackend } from '../engines.ts'

interface Options {
  readonly context_processors?: readonly string[]
  readonly builtins?: readonly string[]
  readonly libraries?: Readonly<Record<string, string>>
  readonly loaders?: readonly unknown[]
  readonly autoescape?: boolean
  readonly string_if_invalid?: string
  readonly debug?: boolean
  /** Accepted because Django has it. Templates are always read as UTF-8. */
  readonly file_charset?: string
}

const OPTIONS = [
  'context_processors',
  'builtins',
  'libraries',
  'loaders',
  'autoescape',
  'string_if_invalid',
  'debug',
  'file_charset',
]

class DjangoTemplate implements Template {
  readonly compiled: CompiledTemplate
  readonly #engine: Engine

  constructor(compiled: CompiledTemplate, engine: Engine) {
    this.compiled = compiled
    this.#engine = engine
  }

  get name(): string {
    return this.compiled.name
  }

  get file(): string | undefined {
    return this.compiled.file
  }

  render(context: Record<string, unknown> = {}, request?: unknown): string {
    return this.#engine.render(this.compiled, context, request)
  }
}

export class DjangoTemplates implements TemplateBackend {
  readonly name: string
  readonly #params: BackendParams
  readonly #options: Options
  #engine: Engine | undefined

  constructor(params: BackendParams) {
    this.name = params.NAME
    this.#params = params
    this.#options = params.OPTIONS
    const unknown = Object.keys(params.OPTIONS).filter((name) => !OPTIONS.includes(name))
    if (unknown.length > 0) {
      throw new ImproperlyConfigured(
        `${params.setting}.OPTIONS has ${joinWithAnd(unknown)}, which this engine does not know. It knows ${joinWithAnd(OPTIONS)}.`,
      )
    }
  }

  async load(): Promise<void> {
    const { apps, root, setting } = this.#params
    const by = { root, setting: `${setting}.OPTIONS` }
    const builtins = [...DEFAULT_BUILTINS, ...(this.#options.builtins ?? [])]
    const { autoescape, string_if_invalid: stringIfInvalid, debug } = this.#options
    this.#engine = new Engine({
      loaders: await this.#loaders(),
      builtins: await Promise.all(
        builtins.map((name) => importLibrary(name, { ...by, setting: `${by.setting}.builtins` })),
      ),
      libraries: await importLibraries(apps, this.#options.libraries ?? {}, by),
      contextProcessors: [csrf, ...(await this.#processors())],
      ...(autoescape !== undefined && { autoescape }),
      ...(stringIfInvalid !== undefined && { stringIfInvalid }),
      debug,
    })
  }

  getTemplate(name: string): Template {
    const engine = this.#loadedEngine()
    return new DjangoTemplate(engine.find([name]), engine)
  }

  fromString(source: string): Template {
    const engine = this.#loadedEngine()
    return new DjangoTemplate(engine.compile(source), engine)
  }

  #loadedEngine(): Engine {
    if (this.#engine !== undefined) return this.#engine
    throw new ImproperlyConfigured(`The template engine '${this.name}' is not loaded yet: await its load() first.`)
  }

  #loaders(): ReturnType<typeof resolveLoaders> {
    const { DIRS, APP_DIRS, apps, root, setting } = this.#params
    const setup = { dirs: DIRS, appDirs: apps.map((app) => path.join(app, 'templates')) }
    const defaults = [
      'core.template.loaders.filesystem.Loader',
      ...(APP_DIRS ? ['core.template.loaders.app_directories.Loader'] : []),
    ]
    return resolveLoaders(this.#options.loaders ?? defaults, setup, { root, setting: `${setting}.OPTIONS.loaders` })
  }

  #processors(): Promise<ContextProcessor[]> {
    const { root, setting } = this.#params
    const processor = functionOf<ContextProcessor>('a function of (request)')
    const names = this.#options.context_processors ?? []
    return Promise.all(
      names.map((name, i) => loadNamed(`${setting}.OPTIONS.context_processors[${i}]`, name, processor, { root })),
    )
  }
}
