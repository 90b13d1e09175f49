/** One entry of `urlpatterns` that leads to a view. */
import type { View } from '#core/http'
import type { Tried, UrlEntry } from './entry.ts'
import type { PathPattern } from './path_pattern.ts'
import { ResolverMatch } from './resolver_match.ts'

export class URLPattern implements UrlEntry {
  readonly pattern: PathPattern
  readonly view: View
  readonly name: string | undefined
  /** Given to the view beside what the route captures; where both have a name, these win. */
  readonly kwargs: Readonly<Record<string, unknown>>

  constructor(pattern: PathPattern, view: View, kwargs: Readonly<Record<string, unknown>>, name: string | undefined) {
    this.pattern = pattern
    this.view = view
    this.kwargs = kwargs
    this.name = name
  }

  find(path: string): ResolverMatch | undefined {
    const matched = this.pattern.match(path)
    if (matched === undefined) return undefined
    return new ResolverMatch({
      func: this.view,
      args: matched.args,
      kwargs: { ...matched.kwargs, ...this.kwargs },
      urlName: this.name,
      appNames: [],
      namespaces: [],
      route: this.pattern.text,
      isFixed: this.pattern.isLiteral,
    })
  }

  listTried(): Tried[] {
    return [[this]]
  }

  describe(): string {
    return `'${this.pattern.text}'${this.name === undefined ? '' : ` [name='${this.name}']`}`
  }
}
