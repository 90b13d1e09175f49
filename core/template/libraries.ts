/** Finds and imports template libraries: those of the framework, of the apps and of the settings. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImproperlyConfigured } from '#core/exceptions'
import { importModule, type NamedBy } from '#core/utils'
import type { Library } from './library.ts'

/** Libraries that templates use without `{% load %}`. */
export const DEFAULT_BUILTINS: readonly string[] = [
  'core.template.defaulttags',
  'core.template.defaultfilters',
  'core.template.templatetags.static',
  'core.urls.templatetags',
]

/** Libraries of the framework for `{% load %}`. */
const FRAMEWORK_LIBRARIES: Readonly<Record<string, string>> = {
  i18n: 'core.template.templatetags.i18n',
  l10n: 'core.template.templatetags.l10n',
  static: 'core.template.templatetags.static',
}

function asLibrary(module: Record<string, unknown>, where: string): Library {
  const parts = ['tags', 'filters', 'compilers'].filter((name) => typeof module[name] === 'object')
  if (parts.length > 0) return module
  throw new ImproperlyConfigured(
    `${where} is not a template library: it exports none of 'tags', 'filters' and 'compilers'.`,
  )
}

export async function importLibrary(name: string, by: NamedBy): Promise<Library> {
  return asLibrary(await importModule(name, by), `${by.setting}: ${name}`)
}

/** The files in an app's templatetags/ by the name of the library. */
export function libraryFiles(app: string): Map<string, string> {
  const directory = path.join(app, 'templatetags')
  const files = new Map<string, string>()
  if (!existsSync(directory)) return files
  for (const file of readdirSync(directory).toSorted()) {
    const name = /^((?!index\.)[^.]+)\.(ts|js|mjs)$/.exec(file)?.[1]
    if (name !== undefined) files.set(name, path.join(directory, file))
  }
  return files
}

/**
 * Imports all libraries for `{% load %}`.
 * @param apps directories of the apps; a library of a later app replaces one of the same name
 * @param named OPTIONS.libraries
 */
export async function importLibraries(
  apps: readonly string[],
  named: Readonly<Record<string, string>>,
  by: NamedBy,
): Promise<Map<string, Library>> {
  const libraries = new Map<string, Library>()
  for (const [name, module] of Object.entries(FRAMEWORK_LIBRARIES)) libraries.set(name, await importLibrary(module, by))
  for (const app of apps) {
    for (const [name, file] of libraryFiles(app)) {
      libraries.set(name, asLibrary((await import(pathToFileURL(file).href)) as Record<string, unknown>, file))
    }
  }
  for (const [name, module] of Object.entries(named)) {
    libraries.set(name, await importLibrary(module, { ...by, setting: `${by.setting}.libraries['${name}']` }))
  }
  return libraries
}
