/** From the names in OPTIONS.loaders to loaders. */
import { ImproperlyConfigured } from '#core/exceptions'
import { importName, formatValue, type NamedBy } from '#core/utils'
import type { LoaderSetup, TemplateLoader } from './base.ts'

type LoaderClass = (new (setup: LoaderSetup, ...args: unknown[]) => TemplateLoader) & { takesLoaders?: true }

/** A loader from its dotted name, or from a list of its name and its arguments. */
async function resolveLoader(entry: unknown, setup: LoaderSetup, by: NamedBy): Promise<TemplateLoader> {
  const [name, ...args] = Array.isArray(entry) ? (entry as unknown[]) : [entry]
  if (typeof name !== 'string') {
    throw new ImproperlyConfigured(
      `${by.setting} should be a dotted name, or a list of one and its arguments, found ${formatValue(entry)}.`,
    )
  }
  const Loader = (await importName(name, by)) as LoaderClass
  if (typeof Loader !== 'function') {
    throw new ImproperlyConfigured(`${by.setting} names '${name}', which is not the class of a template loader.`)
  }
  if (Loader.takesLoaders !== true) return new Loader(setup, ...args)
  return new Loader(setup, await resolveLoaders(args[0], setup, { ...by, setting: `${by.setting}[1]` }))
}

/** All loaders of a list in the settings, in its order. */
export async function resolveLoaders(entries: unknown, setup: LoaderSetup, by: NamedBy): Promise<TemplateLoader[]> {
  if (!Array.isArray(entries)) {
    throw new ImproperlyConfigured(`${by.setting} should be a list of loaders, found ${formatValue(entries)}.`)
  }
  return Promise.all(entries.map((entry, i) => resolveLoader(entry, setup, { ...by, setting: `${by.setting}[${i}]` })))
}
