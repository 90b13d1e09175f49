/** The `{% url 'name' arg key=value %}` tag, as a function that a template engine calls. */
import { reverse } from './base.ts'

type Tag = (context: Record<string, unknown>, args: unknown[], kwargs: Record<string, unknown>) => string

interface RequestInContext {
  readonly currentApp?: string | null
  readonly resolverMatch?: { readonly namespace: string } | null
}

/** Writes a URL. An application's name means the instance that the request is in. */
const url: Tag = ({ request }, [name, ...args], kwargs) => {
  if (name === undefined) throw new TypeError("'url' takes at least one argument, a URL pattern name.")
  const { currentApp, resolverMatch } = (request ?? {}) as RequestInContext
  return reverse(name as string, {
    args,
    kwargs,
    currentApp: currentApp ?? resolverMatch?.namespace,
  })
}

export const tags: Readonly<Record<string, Tag>> = { url }

export const filters: Readonly<Record<string, (...args: never[]) => unknown>> = {}
