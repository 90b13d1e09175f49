/** The `{% url 'name' arg key=value %}` tag, as a function that a template engine calls. */
import { reverse } from './base.ts'
import { NoReverseMatch } from './errors.ts'

/** @param variable the name behind `as`, where the result goes instead of into the page */
type Tag = (
  context: Record<string, unknown>,
  args: unknown[],
  kwargs: Record<string, unknown>,
  variable?: string,
) => string

interface RequestInContext {
  readonly currentApp?: string | null
  readonly resolverMatch?: { readonly namespace: string } | null
}

/** Writes a URL. An application's name means the instance that the request is in. */
const url: Tag = ({ request }, [name, ...args], kwargs, variable) => {
  if (name === undefined) throw new TypeError("'url' takes at least one argument, a URL pattern name.")
  const { currentApp, resolverMatch } = (request ?? {}) as RequestInContext
  try {
    return reverse(name as string, { args, kwargs, currentApp: currentApp ?? resolverMatch?.namespace })
  } catch (error) {
    // With `as`, the template asks whether there is such a URL.
    if (variable !== undefined && error instanceof NoReverseMatch) return ''
    throw error
  }
}

export const tags: Readonly<Record<string, Tag>> = { url }

export const filters: Readonly<Record<string, (...args: never[]) => unknown>> = {}
