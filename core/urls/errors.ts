/** Errors of resolving and reversing, and the validation of urlconf modules. */
import { Http404, ImproperlyConfigured } from '#core/exceptions'
import { formatValue, isClass, joinWithAnd } from '#core/utils'
import type { Included } from './patterns/include.ts'
import { type Tried, URLPattern } from './patterns/pattern.ts'
import { URLResolver } from './resolve/resolver.ts'

/** No pattern matches a path. */
export class Resolver404 extends Http404 {
  /** The path as passed to `resolve`. */
  readonly path: string
  readonly #listTried: () => readonly Tried[]

  constructor(path: string, listTried: () => readonly Tried[]) {
    super(`No URL pattern matches '${path}'.`)
    this.path = path
    this.#listTried = listTried
  }

  /** All patterns that were tried, in order. Computed on access, because it is only needed under DEBUG. */
  get tried(): readonly Tried[] {
    return this.#listTried()
  }
}

/** No pattern has the name and accepts the arguments passed to `reverse`. */
export class NoReverseMatch extends Error {
  override readonly name = 'NoReverseMatch'
}

export interface Problem {
  readonly id: 'urls.E004' | 'urls.E007' | 'urls.E008' | 'urls.E009'
  readonly message: string
  readonly hint?: string | undefined
  /** `urlpatterns[2] of apps.urls`. */
  readonly where: string
}

/** An invalid urlconf, with all its problems. */
export class InvalidUrlconf extends ImproperlyConfigured {
  readonly problems: readonly Problem[]

  constructor(what: string, problems: readonly Problem[]) {
    const lines = problems.map(({ where, id, message, hint }) => {
      return `  ${where}: (${id}) ${message}${hint === undefined ? '' : ` ${hint}`}`
    })
    super(`${what}, whose URL patterns cannot be used:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

function hintFor(entry: unknown): string | undefined {
  if (typeof entry === 'string') return `Try removing the string '${entry}'. An entry is path(route, view).`
  if (Array.isArray(entry)) return 'Try using path() instead of a list, or spread the list with three dots.'
  return typeof entry === 'function' ? 'Try path(route, view) around the view.' : undefined
}

function problemOf(entry: unknown, where: string): Problem | undefined {
  if (entry instanceof URLResolver) return undefined
  if (!(entry instanceof URLPattern)) {
    const message = `Your URL pattern ${formatValue(entry)} is invalid. Ensure that urlpatterns is a list of path() and/or rePath() instances.`
    return { id: 'urls.E004', message, hint: hintFor(entry), where }
  }
  if (!isClass(entry.view)) return undefined
  const { name } = entry.view
  const message = `Your URL pattern ${entry.describe()} has an invalid view, pass ${name}.asView() instead of ${name}.`
  return { id: 'urls.E009', message, where }
}

/**
 * The problems of the entries of a list or module, not including those of nested includes.
 * @param names where it is referenced, for messages: `ROOT_URLCONF names 'apps.urls'`
 * @param module its name in `Problem.where`: `apps.urls`
 * @throws ImproperlyConfigured if there is no list of patterns
 */
export function problemsIn(included: Included, names: string, module: string): Problem[] {
  const { patterns, exported } = included
  if (Array.isArray(patterns)) {
    return patterns.flatMap((entry, i) => problemOf(entry, `urlpatterns[${i}] of ${module}`) ?? [])
  }
  const found =
    patterns === undefined
      ? `exports no urlpatterns; it exports: ${joinWithAnd(exported ?? [])}`
      : `exports as urlpatterns ${formatValue(patterns)}, which is no list`
  throw new ImproperlyConfigured(
    `${names}, but that module ${found}. It should have: export const urlpatterns = [path('', index)].` +
      ' If it has, look for modules that import each other in a circle.',
  )
}
