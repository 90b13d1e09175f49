/** Errors of templates: one that does not exist, one with wrong syntax; and the position of any error in a template. */

/** A place where a loader looked for a template. */
export interface Tried {
  /** Path of a file, or the loader's name for another place. */
  readonly origin: string
  /** Why it was not used: `does not exist`. */
  readonly reason: string
}

/** No engine has a template of this name, or of any of these names. */
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

/** A line of a template. */
export interface TemplatePosition {
  /** Name with which the template was looked up: `polls/detail.html`. */
  readonly template: string
  /** Path of its file, if it comes from one. */
  readonly file: string | undefined
  /** Line number, from 1. */
  readonly line: number
}

/** The syntax of a template is wrong. The message begins with the template's name and the line. */
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

/** Records where in a template an error was thrown. The first position is kept, which is the innermost one. */
export function rememberPosition(error: unknown, position: TemplatePosition): void {
  if (typeof error === 'object' && error !== null && !positions.has(error)) positions.set(error, position)
}

/** Where in a template an error was thrown. Undefined for an error from elsewhere. */
export function templatePosition(error: unknown): TemplatePosition | undefined {
  if (error instanceof TemplateSyntaxError && error.position !== undefined) return error.position
  return typeof error === 'object' && error !== null ? positions.get(error) : undefined
}
