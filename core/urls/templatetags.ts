/** The template tag `{% url 'name' arg key=value %}`. */
import type { Tag } from '#core/template'
import { reverse } from './base.ts'
import { NoReverseMatch } from './errors.ts'

interface RequestInContext {
  readonly currentApp?: string | null
  readonly resolverMatch?: { readonly namespace: string } | null
}

const NEEDS_NAME = "'url' takes at least one argument, a URL pattern name."

/** Reverses a URL pattern. An application namespace refers to the instance that resolved the request. */
const url: Tag = ({ request }, [name, ...args], kwargs, variable) => {
  if (name === undefined) throw new TypeError(NEEDS_NAME)
  const { currentApp, resolverMatch } = (request ?? {}) as RequestInContext
  try {
    return reverse(name as string, { args, kwargs, currentApp: currentApp ?? resolverMatch?.namespace })
  } catch (error) {
    // As in Django, `as` assigns an empty string if there is no such URL.
    if (variable !== undefined && error instanceof NoReverseMatch) return ''
    throw error
  }
}

function checkArguments(args: readonly string[]): void {
  if (args.length === 0) throw new SyntaxError(NEEDS_NAME)
}

export const tags: Readonly<Record<string, Tag>> = { url: Object.assign(url, { checkArguments }) }

export const filters: Readonly<Record<string, (...args: never[]) => unknown>> = {}
