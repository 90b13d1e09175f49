/** Writes the pages of docs/reference that come from the code: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type SettingDefinition, schema } from '#core/conf'

const FOLDER = path.join(import.meta.dirname, '../docs/reference')

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${literal(entry)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  return String(value)
}

function settingsPage(): string {
  const entries = Object.entries<SettingDefinition<unknown>>(schema).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const sections = entries.map(
    ([name, { doc, format, default: value, secret }]) =>
      `## ${name}\n\n${doc}\n\nDefault: \`${literal(value)}\`. Expected: ${format.expected}.` +
      (secret === true ? ' Never shown in a message or a listing.' : ''),
  )
  return `# Settings

Every setting, its meaning and its default. The page is written by \`npm run docs\` from
\`core/conf/schema.ts\`; the names and meanings are Django's.

A scalar setting can be given as an environment variable \`NUAGES_<SETTING>\`, which wins over the file. \`DATABASE_URL\`
and \`CACHE_URL\` are read where the file gives no \`DATABASES\` or \`CACHES\`. Another settings module is named by
\`NUAGES_SETTINGS_MODULE\` or \`--settings\`.

${sections.join('\n\n')}
`
}

/** The pages by file name. */
export const pages: Readonly<Record<string, () => string>> = { 'settings.md': settingsPage }

/** The names of pages that differ from what the code says. */
export function stale(): string[] {
  return Object.entries(pages)
    .filter(([name, page]) => {
      try {
        return readFileSync(path.join(FOLDER, name), 'utf8') !== page()
      } catch {
        return true
      }
    })
    .map(([name]) => name)
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, page] of Object.entries(pages)) writeFileSync(path.join(FOLDER, name), page())
}
