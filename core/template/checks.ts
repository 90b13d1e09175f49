/** System checks of TEMPLATES, with Django's ids. */
import { apps } from '#core/apps'
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { formatValue } from '#core/utils'
import type { EngineSetting } from './engines.ts'
import { libraryFiles } from './libraries.ts'

function checkOptions({ APP_DIRS, OPTIONS = {} }: EngineSetting): CheckMessage[] {
  const messages: CheckMessage[] = []
  if (APP_DIRS === true && 'loaders' in OPTIONS) {
    messages.push(
      new Error(
        "You have 'APP_DIRS': True in your TEMPLATES but also specify 'loaders' in OPTIONS." +
          " Either remove APP_DIRS or remove the 'loaders' option.",
        { id: 'templates.E001' },
      ),
    )
  }
  const { string_if_invalid: invalid = '' } = OPTIONS
  if (typeof invalid !== 'string') {
    messages.push(
      new Error(
        `'string_if_invalid' in TEMPLATES OPTIONS must be a string but got: ${formatValue(invalid)} (${typeof invalid}).`,
        {
          id: 'templates.E002',
        },
      ),
    )
  }
  return messages
}

/** Warns about libraries of the same name, of which only the last can be loaded. */
function checkLibraryNames({ OPTIONS = {} }: EngineSetting): CheckMessage[] {
  const places = new Map<string, string[]>()
  const named = Object.entries((OPTIONS.libraries ?? {}) as Record<string, string>)
  const found = apps
    .getAppConfigs()
    .flatMap((app) => [...libraryFiles(app.path).keys()].map((name) => [name, `${app.name}.templatetags.${name}`]))
  for (const [name, place] of [...named, ...found] as [string, string][]) {
    places.set(name, [...new Set([...(places.get(name) ?? []), place])])
  }
  return [...places]
    .filter(([, modules]) => modules.length > 1)
    .map(([name, modules]) => {
      const list = modules.map((each) => `'${each}'`).join(', ')
      return new Warning(`'${name}' is used for multiple template tag modules: ${list}`, { id: 'templates.W003' })
    })
}

export function checkTemplates(): CheckMessage[] {
  return settings.TEMPLATES.flatMap((entry) => [...checkOptions(entry), ...checkLibraryNames(entry)])
}
