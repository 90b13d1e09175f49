/** Finds and imports the libraries of tags and filters: those built in, those of the apps, those of the settings. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '#core/exceptions'
import { importModule, type NamedBy } from '#core/utils'
import type { Library } from './library.ts'

/** Libraries that every template knows, by dotted name. */
export const DEFAULT_BUILTINS: readonly string[] = [
  'core.template.defaulttags',
  'core.template.defaultfilters',
  'core.template.templatetags.static',
  'core.urls.templatetags',
]

/** Libraries of the framework that `{% load %}` finds. */
const OWN: Readonly<Record<string, string>> = {
  i18n: 'core.template.templatetags.i18n',
  l10n: 'core.template.templatetags.l10n',
  static: 'core.template.templatetags.static',
}

function checked(module: Record<string, unknown>, where: string): Library {
  const parts = ['tags', 'filters', 'compilers'].filter((name) => typeof module[name] === 'object')
  if (parts.length > 0) return module
  throw new ImproperlyConfigured(
    `${where} is no template library: it exports neither 'tags' nor 'filters' (nor 'compilers').`,
  )
}

export async function importLibrary(name: string, by: NamedBy): Promise<Library> {
  return checked(await importModule(name, by), `${by.setting}: ${name}`)
}

/** Module files of a templatetags folder by the name of the library. */
export function libraryFiles(app: string): Map<string, string> {
  const folder = path.join(app, 'templatetags')
  const files = new Map<string, string>()
  if (!existsSync(folder)) return files
  for (const file of readdirSync(folder).toSorted()) {
    const name = /^((?!index\.)[^.]+)\.(ts|js|mjs)$/.exec(file)?.[1]
    if (name !== undefined) files.set(name, path.join(folder, file))
  }
  return files
}

/**
 * Every library that `{% load %}` may name.
 * @param apps folders of the apps; a later one's library replaces an earlier one's of its name
 * @param named OPTIONS.libraries
 */
export async function importLibraries(
  apps: readonly string[],
  named: Readonly<Record<string, string>>,
  by: NamedBy,
): Promise<Map<string, Library>> {
  const libraries = new Map<string, Library>()
  for (const [name, module] of Object.entries(OWN)) libraries.set(name, await importLibrary(module, by))
  for (const app of apps) {
    for (const [name, file] of libraryFiles(app)) {
      libraries.set(name, checked((await import(pathToFileURL(file).href)) as Record<string, unknown>, file))
    }
  }
  for (const [name, module] of Object.entries(named)) {
    libraries.set(name, await importLibrary(module, { ...by, setting: `${by.setting}.libraries['${name}']` }))
  }
  return libraries
}
