/** System checks of the URL patterns, with Django's ids. */
import { type CheckMessage, Error, Warning } from '#core/checks'
import { settings } from '#core/conf'
import { loadUrlconf } from './base.ts'
import { type UrlEntry, URLPattern, type UrlPatterns } from './patterns/pattern.ts'
import { InvalidUrlconf, type Problem } from './errors.ts'
import { RegexPattern } from './patterns/regex_pattern.ts'
import { URLResolver } from './resolve/resolver.ts'

/** All entries, recursively, with the namespaces they are in. A list that includes itself is visited once. */
function* everyEntry(
  patterns: UrlPatterns,
  namespaces: readonly string[] = [],
  ancestors: readonly UrlPatterns[] = [],
): Generator<{ entry: UrlEntry; namespaces: readonly string[] }> {
  if (ancestors.includes(patterns)) return
  for (const entry of patterns) {
    yield { entry, namespaces }
    if (!(entry instanceof URLResolver)) continue
    const inner = entry.namespace === undefined ? namespaces : [...namespaces, entry.namespace]
    yield* everyEntry(entry.urlPatterns, inner, [...ancestors, patterns])
  }
}

function nameHasColon(entry: UrlEntry): boolean {
  return entry instanceof URLPattern && entry.name !== undefined && entry.name.includes(':')
}

function beginsWithSlash({ pattern }: UrlEntry): boolean {
  // Without APPEND_SLASH, a slash may intentionally be at the start of the included routes.
  return settings.APPEND_SLASH && /^\\?\//.test(pattern.regexText) && !pattern.regexText.endsWith('/')
}

function looksLikeRegex({ pattern }: UrlEntry): boolean {
  return !(pattern instanceof RegexPattern) && /\(\?P<|^\^|\$$/.test(pattern.text)
}

function includesAfterDollar(entry: UrlEntry): boolean {
  return entry instanceof URLResolver && entry.pattern instanceof RegexPattern && /(?<!\\)\$$/.test(entry.pattern.text)
}

const ENTRY_CHECKS: readonly { id: string; isWrong: (entry: UrlEntry) => boolean; says: string }[] = [
  {
    id: 'urls.W001',
    isWrong: includesAfterDollar,
    says: "uses include with a route ending with a '$'. Remove the dollar from the route to avoid problems including URLs.",
  },
  {
    id: 'urls.W002',
    isWrong: beginsWithSlash,
    says:
      "has a route beginning with a '/'. Remove this slash as it is unnecessary." +
      " If this pattern is targeted in an include(), ensure the include() pattern has a trailing '/'.",
  },
  {
    id: 'urls.W003',
    isWrong: nameHasColon,
    says: "has a name including a ':'. Remove the colon, to avoid ambiguous namespace references.",
  },
  {
    id: '2_0.W001',
    isWrong: looksLikeRegex,
    says: "has a route that contains '(?P<', begins with a '^', or ends with a '$'. A regular expression needs rePath().",
  },
]

const asError = ({ id, message, hint, where }: Problem): CheckMessage => new Error(message, { id, hint, obj: where })

/** The patterns of ROOT_URLCONF, or the problems that make them unusable. */
async function rootPatterns(): Promise<{ patterns: UrlPatterns; problems: readonly Problem[] }> {
  try {
    return { patterns: (await loadUrlconf()).urlPatterns, problems: [] }
  } catch (error) {
    if (!(error instanceof InvalidUrlconf)) throw error
    return { patterns: [], problems: error.problems }
  }
}

/** urls.E004, E007 to E009, W001 to W003 and 2_0.W001: single patterns, and the handlers of the root module. */
export async function checkUrlConfig(): Promise<CheckMessage[]> {
  const { patterns, problems } = await rootPatterns()
  const messages = problems.map(asError)
  for (const { entry } of everyEntry(patterns)) {
    for (const { id, isWrong, says } of ENTRY_CHECKS) {
      if (isWrong(entry)) messages.push(new Warning(`Your URL pattern ${entry.describe()} ${says}`, { id }))
    }
  }
  return messages
}

/** urls.W005: duplicate namespaces. */
export async function checkUrlNamespacesUnique(): Promise<CheckMessage[]> {
  const { patterns } = await rootPatterns()
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { entry, namespaces } of everyEntry(patterns)) {
    if (!(entry instanceof URLResolver) || entry.namespace === undefined) continue
    const name = [...namespaces, entry.namespace].join(':')
    if (seen.has(name)) twice.add(name)
    seen.add(name)
  }
  return [...twice].map((name) => {
    const message = `URL namespace '${name}' isn't unique. You may not be able to reverse all URLs in this namespace`
    return new Warning(message, { id: 'urls.W005' })
  })
}

/** urls.E006: URL settings without a trailing slash. */
export function checkUrlSettings(): CheckMessage[] {
  return (['STATIC_URL', 'MEDIA_URL'] as const)
    .filter((name) => (settings[name] ?? '') !== '' && !settings[name]?.endsWith('/'))
    .map((name) => new Error(`The ${name} setting must end with a slash.`, { id: 'urls.E006' }))
}
