/** What the resolver found for a path. */
import type { ResolverMatch as Match, View } from '#core/http'
import { limitTemplateAccess } from '#core/template'

interface Found {
  readonly func: View
  readonly args: Match['args']
  readonly kwargs: Match['kwargs']
  readonly urlName: string | undefined
  readonly appNames: readonly string[]
  readonly namespaces: readonly string[]
  readonly route: string
  readonly isFixed: boolean
}

export class ResolverMatch implements Match {
  readonly func: View
  readonly args: Match['args']
  readonly kwargs: Match['kwargs']
  readonly urlName: string | undefined
  readonly appNames: readonly string[]
  readonly namespaces: readonly string[]
  readonly route: string
  /** Whether it is the same at every request, because nothing of the path went into it. */
  readonly isFixed: boolean

  constructor({ func, args, kwargs, urlName, appNames, namespaces, route, isFixed }: Found) {
    this.func = func
    this.args = args
    this.kwargs = kwargs
    this.urlName = urlName
    this.appNames = appNames
    this.namespaces = namespaces
    this.route = route
    this.isFixed = isFixed
  }

  get appName(): string {
    return this.appNames.join(':')
  }

  get namespace(): string {
    return this.namespaces.join(':')
  }

  get viewName(): string {
    return [...this.namespaces, this.urlName ?? this.func.name].join(':')
  }
}

// A template calls the functions that it finds, and this one is the view.
limitTemplateAccess(ResolverMatch.prototype, { members: ['appName', 'namespace', 'viewName'], hidden: ['func'] })
