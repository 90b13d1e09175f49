/** Renders sources for the template tests. */
import { loadSettings } from '#core/conf'
import { DjangoTemplates } from '../../core/template/backends/django.ts'

export interface RenderSetup {
  /** Templates by name. */
  readonly templates?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, unknown>>
  readonly request?: unknown
}

/** An engine whose templates are in memory. */
export async function engineOf({ templates = {}, options = {} }: RenderSetup = {}): Promise<DjangoTemplates> {
  await loadSettings()
  const engine = new DjangoTemplates({
    NAME: 'test',
    DIRS: [],
    APP_DIRS: false,
    OPTIONS: { loaders: [['core.template.loaders.locmem.Loader', templates]], ...options },
    apps: [],
    setting: 'TEMPLATES[0]',
    root: import.meta.dirname,
  })
  await engine.load()
  return engine
}

/** The output of a source. */
export async function rendered(
  source: string,
  context: Record<string, unknown> = {},
  setup: RenderSetup = {},
): Promise<string> {
  return (await engineOf(setup)).fromString(source).render(context, setup.request)
}

/** The error of a source, when it is compiled or rendered. */
export async function failure(
  source: string,
  context: Record<string, unknown> = {},
  setup: RenderSetup = {},
): Promise<Error> {
  try {
    await rendered(source, context, setup)
  } catch (error) {
    return error as Error
  }
  throw new Error(`'${source}' should have failed.`)
}
