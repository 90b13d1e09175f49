/** What goes wrong with templates: one that is not found, one that cannot be read, and where in a template it happened. */

/** A template as the loaders looked for it. */
export interface Tried {
  /** The file, or another place a loader knows. */
  readonly origin: string
  /** Why it was not used: `Source does not exist`. */
  readonly reason: string
}

/** No engine has a template of this name (or of any of these names). */
export class TemplateDoesNotExist extends Error {
  override readonly name = 'TemplateDoesNotExist'
  readonly template: string
  readonly tried: readonly Tried[]

  constructor(template: string, tried: readonly Tried[] = []) {
    const places = tried.map(({ origin, reason }) => `\n  ${origin} (${reason})`).join('')
    super(
      tried.length === 0
        ? `There is no template '${template}', and no place to look for one: TEMPLATES has neither DIRS nor APP_DIRS.`
        : `There is no template '${template}'. Tried:${places}`,
    )
    this.template = template
    this.tried = tried
  }
}

/** Where in the templates something is. */
export interface TemplatePosition {
  /** Name as it was asked for: `polls/detail.html`. */
  readonly template: string
  /** Its file, where it has one. */
  readonly file: string | undefined
  /** Line, from 1. */
  readonly line: number
}

/** A template that cannot be understood. The message begins with the template's name and the line. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError'
  /** The message without the position. */
  readonly problem: string
  readonly position: TemplatePosition | undefined

  constructor(problem: string, position?: TemplatePosition) {
    super(position === undefined ? problem : `${position.template}, line ${position.line}: ${problem}`)
    this.problem = problem
    this.position = position
  }
}

const positions = new WeakMap<object, TemplatePosition>()

/** Remembers where in a template an error came up. The innermost place, which is told first, stays. */
export function rememberPosition(error: unknown, position: TemplatePosition): void {
  if (typeof error === 'object' && error !== null && !positions.has(error)) positions.set(error, position)
}

/** Where in a template an error came up, or undefined for an error from elsewhere. */
export function templatePosition(error: unknown): TemplatePosition | undefined {
  if (error instanceof TemplateSyntaxError && error.position !== undefined) return error.position
  return typeof error === 'object' && error !== null ? positions.get(error) : undefined
}
